# Your own images of one object each, as `python -m mmacnn import ... --to yolo-roi`
# writes them.
data_root = 'data/yolo-roi'
img_scale = (640, 480)  # width, height

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
    dict(
        type='mmacnn.RandomAffine',
        translate_ratio=0.1,
        scale_range=(0.8, 1.25),
        rotate=6.0,
        shear=3.0,
    ),
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.3,
        contrast=0.3,
        saturation=0.5,
        white_balance=0.1,
        gamma=0.2,
    ),
    dict(type='RandomGrayscale', prob=0.1, keep_channels=True),
    dict(type='mmacnn.RandomBlur', sigma=(0.0, 0.8), motion=2.0),
    dict(type='mmacnn.RandomNoise', sigma=(0.0, 10.0), coarse_sigma=(0.0, 8.0)),
    dict(type='ToTensor', keys=['gt_bboxes']),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_bboxes',)),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
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
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='mmacnn.YOLORoIDataset',
        data_root=data_root,
        data_prefix=dict(img_path='val/images', label_path='val/labels'),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=1,
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

val_evaluator = [
    dict(type='mmpretrain.Accuracy', topk=(1,)),
    dict(type='mmacnn.RoILocalizationMetric'),
]
test_evaluator = val_evaluator
