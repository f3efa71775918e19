# Made by tools/make_synthetic_dataset.py: see configs/roi_mask.
data_root = 'data/synthetic-regions'
classes = ('washer', 'nut', 'screw', 'label', 'inlet', 'outlet', 'button', 'plug')

meta_keys = ('img_path', 'ori_shape', 'img_shape', 'instance_id', 'region_fraction')
flip = dict(
    type='RandomFlip',
    prob=[0.25, 0.25, 0.25],
    direction=['horizontal', 'vertical', 'diagonal'],
)
# Another camera has another colour and exposure.
colours = dict(
    type='mmacnn.RandomPhotometric',
    brightness=0.3,
    contrast=0.25,
    saturation=0.4,
    white_balance=0.15,
    gamma=0.15,
)
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    flip,
    colours,
    dict(type='mmacnn.AddMaskChannel'),
    dict(type='mmpretrain.PackInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    dict(type='mmacnn.AddMaskChannel'),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=('gt_seg_map',),
        meta_keys=meta_keys,
    ),
]

train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='mmacnn.ClassBalancedSampler', num_samples=7500),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.CocoRegionDataset',
        data_root=data_root,
        ann_file='train/annotations.json',
        data_prefix=dict(img_path='train/images'),
        classes=classes,
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.CocoRegionDataset',
        data_root=data_root,
        ann_file='test/annotations.json',
        data_prefix=dict(img_path='test/images'),
        classes=classes,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
# Nothing is chosen by the validation: the last epoch is tested.
test_dataloader = val_dataloader

val_evaluator = [
    dict(type='mmacnn.RegionAccuracy'),
    # The accuracy of each class.
    dict(type='mmpretrain.SingleLabelMetric', items=('recall',), average=None),
]
test_evaluator = val_evaluator
