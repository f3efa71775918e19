_base_ = ['./cam_resnet18-small-s16_synthetic-defect-folders.py']

# The whole backbone, for comparison: half the resolution.
model = dict(backbone=dict(stride=32), head=dict(in_channels=128))
