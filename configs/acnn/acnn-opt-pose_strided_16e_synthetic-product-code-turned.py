# Codes that lie at any angle: make_synthetic_dataset.py --rotate 180.
_base_ = './acnn-opt_strided_8e_synthetic-product-code.py'

data_root = 'data/synthetic-product-code-turned'

model = dict(
    # Text at any angle wants more layers than upright text.
    localizer=dict(pose=True, backbone=dict(stages=[(32, 2, (1, 1, 2, 2, 4, 8))])),
    # The ROI is as large about a code as acnn-opt's.
    loss_pose=dict(type='mmacnn.PoseLoss', margin=2.2),
    pose_jitter=(8.0, 0.1),
)

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.ResizeWithCorners', scale=(640, 480), keep_ratio=False),
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.1,
        scale_range=(0.8, 1.25),
        rotate=180.0,
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
    dict(type='mmacnn.RandomBlur', sigma=(0.0, 0.8), motion=2.0),
    dict(type='mmacnn.RandomNoise', sigma=(0.0, 10.0), coarse_sigma=(0.0, 8.0)),
    dict(type='ToTensor', keys=['gt_bboxes', 'gt_corners', 'gt_is_oriented']),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=('gt_bboxes', 'gt_corners', 'gt_is_oriented'),
    ),
]
train_dataloader = dict(dataset=dict(data_root=data_root, pipeline=train_pipeline))
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
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
default_hooks = dict(
    ema=dict(type='EMAHook', momentum=0.005, update_buffers=True),
    # Images without a box get the one that the model finds.
    self_training=dict(type='mmacnn.SelfTrainingHook', begin=[0.3, 0.5, 0.75]),
)
