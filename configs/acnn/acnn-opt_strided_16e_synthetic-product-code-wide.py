# For photographs of any camera: turned by up to 35 degrees, near or far, out of focus,
# much compressed. Boxes on all. Its data are made by
# tools/make_synthetic_dataset.py --task product-code-wide.
_base_ = './acnn-opt_strided_8e_synthetic-product-code.py'

data_root = 'data/synthetic-product-code-wide'

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=(640, 480), keep_ratio=False),
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.3,
        scale_range=(0.55, 1.7),
        rotate=35.0,
        shear=3.0,
        fill='edge',
    ),
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.45,
        contrast=0.35,
        saturation=0.7,
        white_balance=0.2,
        gamma=0.25,
    ),
    dict(type='RandomGrayscale', prob=0.1, keep_channels=True),
    dict(
        type='RandomChoice',
        transforms=[
            [dict(type='mmacnn.RandomBlur', sigma=(0.0, 0.8), motion=2.0)],
            [dict(type='mmacnn.RandomBlur', sigma=(0.8, 2.2))],
        ],
        prob=[0.7, 0.3],
    ),
    dict(type='mmacnn.RandomNoise', sigma=(0.0, 15.0), coarse_sigma=(0.0, 8.0)),
    dict(
        type='RandomApply',
        transforms=[dict(type='mmacnn.RandomJPEG', quality=(6, 60))],
        prob=0.4,
    ),
    dict(type='ToTensor', keys=['gt_bboxes']),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_bboxes',)),
]
train_dataloader = dict(
    dataset=dict(data_root=data_root, box_fraction=1.0, pipeline=train_pipeline)
)
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader

max_epochs = 16
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        T_max=max_epochs - 1,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=max_epochs, val_interval=8)
default_hooks = dict(ema=dict(type='EMAHook', momentum=0.005, update_buffers=True))
