_base_ = ['./cam_efficientnetv2-b0-s16_120e_oliena.py']

# The whole backbone, for comparison: half the resolution.
model = dict(
    backbone=dict(stride=32, keep_expansion=False),
    head=dict(in_channels=1280),
)
