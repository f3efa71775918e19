# Made by tools/make_synthetic_dataset.py, see configs/acnn/README.md.
data_root = 'data/synthetic-product-code'

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=(640, 480), keep_ratio=False),
    # Gentle in geometry, since digits are 5 px wide; strong in colour, since it is what
    # another camera differs in most.
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.1,
        scale_range=(0.8, 1.25),
        rotate=6.0,
        shear=3.0,
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
    dict(type='ToTensor', keys=['gt_bboxes']),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_bboxes',)),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=(640, 480), keep_ratio=False),
    dict(type='ToTensor', keys=['gt_bboxes']),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_bboxes',)),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='mmacnn.LabelledFractionSampler', labelled_fraction=0.5),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='mmacnn.YOLORoIDataset',
        data_root=data_root,
        data_prefix=dict(img_path='train/images', label_path='train/labels'),
        box_fraction=0.05,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='mmacnn.YOLORoIDataset',
        data_root=data_root,
        data_prefix=dict(img_path='test/images', label_path='test/labels'),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
# Nothing is chosen by the validation: the last epoch is tested.
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1,)),
    dict(type='mmacnn.RoILocalizationMetric'),
]
test_evaluator = val_evaluator
