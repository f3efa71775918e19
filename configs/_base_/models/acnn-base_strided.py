_base_ = ['./acnn-best_strided.py']

# A larger ROI and crop, and two further dilated blocks in the localizer.
model = dict(
    localizer=dict(
        in_channels=96,
        backbone=dict(stem_channels=48, stages=[(96, 2, (1, 2, 4, 8, 1, 2))]),
    ),
    stn=dict(roi_size=(56, 96), output_size=(112, 192)),
    backbone=dict(
        stem_channels=32,
        stages=[(64, 2, (1, 1)), (96, 2, (1, 1)), (192, 2, (1, 1))],
    ),
    head=dict(in_channels=192),
)
