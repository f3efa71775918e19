# Made by tools/make_synthetic_dataset.py, see configs/canet/README.md.
data_root = 'data/synthetic-surface-defects'
classes = ('scratch', 'pit', 'dent', 'stain')

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=(320, 320), keep_ratio=True),
    dict(
        type='RandomFlip',
        prob=[0.25, 0.25, 0.25],
        direction=['horizontal', 'vertical', 'diagonal'],
    ),
    # Another camera has another colour and exposure.
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.3,
        contrast=0.25,
        saturation=0.4,
        white_balance=0.15,
        gamma=0.15,
    ),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=(320, 320), keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmacnn.CheckedCocoDataset',
        data_root=data_root,
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images'),
        metainfo=dict(classes=classes),
        # Pieces without damage teach what texture and dust look like.
        filter_cfg=dict(filter_empty_gt=False),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmacnn.CheckedCocoDataset',
        data_root=data_root,
        ann_file='test/annotations.json',
        data_prefix=dict(img='test/images'),
        metainfo=dict(classes=classes),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
# Nothing is chosen by the validation: the last epoch is tested.
test_dataloader = val_dataloader

val_evaluator = dict(
    type='mmacnn.CheckedCocoMetric',
    ann_file=f'{data_root}/test/annotations.json',
    metric='bbox',
)
test_evaluator = val_evaluator
