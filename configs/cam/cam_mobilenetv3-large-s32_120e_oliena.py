_base_ = ['./cam_mobilenetv3-large-s16_120e_oliena.py']

# The whole backbone, for comparison: half the resolution.
model = dict(
    backbone=dict(stride=32),
    head=dict(in_channels=960),
)
