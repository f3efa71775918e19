# Your own images with boxes, as `python -m mmacnn import ... --to coco` writes them.
data_root = 'data/boxes'
classes = ('a', 'b', 'c', 'd')  # of yours
img_scale = (320, 320)  # the image is fitted into this width and height

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    dict(
        type='RandomFlip',
        prob=[0.25, 0.25, 0.25],
        direction=['horizontal', 'vertical', 'diagonal'],
    ),
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.2,
        contrast=0.2,
        saturation=0.2,
        white_balance=0.05,
        gamma=0.15,
    ),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=img_scale, keep_ratio=True),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmacnn.CheckedCocoDataset',
        data_root=data_root,
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images'),
        metainfo=dict(classes=classes),
        # Images without an object teach what background looks like.
        filter_cfg=dict(filter_empty_gt=False),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmacnn.CheckedCocoDataset',
        data_root=data_root,
        ann_file='val/annotations.json',
        data_prefix=dict(img='val/images'),
        metainfo=dict(classes=classes),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=8,
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

val_evaluator = dict(
    type='mmacnn.CheckedCocoMetric',
    ann_file=f'{data_root}/val/annotations.json',
    metric='bbox',
)
test_evaluator = dict(
    type='mmacnn.CheckedCocoMetric',
    ann_file=f'{data_root}/test/annotations.json',
    metric='bbox',
)
