# Your own images in folders of classes, as `python -m mmacnn import ... --to
# class-folders` writes them; the good class stands first. Sizes may differ. Masks of
# the defects are read where mask_path is given.
data_root = 'data/class-folders'
classes = ('good', 'defective')
img_scale = (256, 256)  # width, height

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadDefectMask'),
    dict(type='mmacnn.PasteDefect'),
    dict(type='Resize', scale=img_scale),
    dict(type='mmacnn.DrawDefect'),
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
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.05,
        scale_range=(0.9, 1.1),
        rotate=10.0,
        fill='reflect',
    ),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_seg_map',)),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadDefectMask'),
    dict(type='Resize', scale=img_scale),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_seg_map',)),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    # Images with a mask come often enough, where masks are few.
    sampler=dict(type='mmacnn.LabelledFractionSampler'),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.ClassFolderDataset',
        data_root=data_root,
        # With mask_path='train/masks', of those masks that are there.
        data_prefix=dict(img_path='train/images'),
        classes=classes,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.ClassFolderDataset',
        data_root=data_root,
        data_prefix=dict(img_path='val/images'),
        classes=classes,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.ClassFolderDataset',
        data_root=data_root,
        data_prefix=dict(img_path='test/images'),
        classes=classes,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)

val_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1,)),
    dict(
        type='mmpretrain.SingleLabelMetric', items=('precision', 'recall'), average=None
    ),
    dict(type='mmacnn.DefectMapMetric'),
]
test_evaluator = val_evaluator
