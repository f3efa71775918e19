# Made by tools/make_synthetic_dataset.py, see configs/cam/README.md.
data_root = 'data/synthetic-defect-folders'
classes = ('good', 'defective')

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
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
        gamma=0.2,
    ),
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.03,
        scale_range=(0.9, 1.1),
        rotate=10.0,
        fill='reflect',
    ),
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadDefectMask'),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_seg_map',)),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.ClassFolderDataset',
        data_root=data_root,
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
        data_prefix=dict(img_path='test/images', mask_path='test/masks'),
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
