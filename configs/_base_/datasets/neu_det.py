# NEU-DET as `python -m mmacnn import ... --to coco` writes it: configs/canet/README.md.
data_root = 'data/NEU-DET'
classes = (
    'crazing',
    'inclusion',
    'patches',
    'pitted_surface',
    'rolled-in_scale',
    'scratches',
)

# The images have 200x200 pixels.
resize = dict(type='Resize', scale=(600, 600), keep_ratio=True)
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    resize,
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    resize,
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]

train_dataloader = dict(
    batch_size=2,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmacnn.CheckedCocoDataset',
        data_root=data_root,
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images'),
        metainfo=dict(classes=classes),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
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
# Nothing is chosen by the validation: the last epoch is tested.
test_dataloader = val_dataloader

val_evaluator = dict(
    type='mmacnn.CheckedCocoMetric',
    ann_file=f'{data_root}/val/annotations.json',
    metric='bbox',
)
test_evaluator = val_evaluator
