_base_ = ['./cam_strided-s16_20e_synthetic-defect-folders.py']

# One stage more, for comparison: half the resolution.
model = dict(
    backbone=dict(stages=[(24, 2, (1,)), (48, 2, (1,)), (96, 2, (1,)), (192, 2, (1,))]),
    head=dict(in_channels=192),
)
