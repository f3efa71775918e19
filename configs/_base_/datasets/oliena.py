# Photographs of oil pourers, grey, 752x480, in one folder a class: data/oliena/normal,
# data/oliena/defect. For your own, copy this file: the good class stands first.
data_root = 'data/oliena'
classes = ('normal', 'defect')

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='RandomFlip', prob=[0.375, 0.375], direction=['horizontal', 'vertical']),
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.2,
        contrast=0.2,
        saturation=0.0,
        white_balance=0.0,
        gamma=0.2,
    ),
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.05,
        scale_range=(0.9, 1.1),
        rotate=5.0,
        fill='edge',
    ),
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmpretrain.PackInputs'),
]

train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.ClassFolderDataset',
        data_root=data_root,
        classes=classes,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.ClassFolderDataset',
        data_root=data_root,
        classes=classes,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
# Nothing is chosen by the validation: the last epoch is tested.
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1,)),
    dict(
        type='mmpretrain.SingleLabelMetric', items=('precision', 'recall'), average=None
    ),
    dict(type='mmacnn.DefectMapMetric'),
]
test_evaluator = val_evaluator
