_base_ = ['./acnn-opt_strided.py']

# Twice as wide as acnn-opt, with overlapping patches in the localizer's stem.
model = dict(
    localizer=dict(
        in_channels=64,
        backbone=dict(stem_channels=32, stem_kernel=6, stages=[(64, 2, (1, 2, 4, 8))]),
    ),
    backbone=dict(
        stem_channels=24,
        stages=[(48, 2, (1, 1)), (96, 2, (1, 1)), (160, 2, (1, 1))],
    ),
    head=dict(in_channels=160),
)
