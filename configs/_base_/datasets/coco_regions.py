# COCO's instances, as MMDetection lays the data set out: data/coco.
data_root = 'data/coco'

meta_keys = ('img_path', 'ori_shape', 'img_shape', 'instance_id', 'region_fraction')
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    # The published code draws sides from 160 to 1000 px for each batch.
    dict(type='mmacnn.RandomRegionCrop', size=480, area_range=(0.3, 1.0)),
    dict(type='RandomFlip', prob=0.5),
    dict(type='mmacnn.AddMaskChannel'),
    dict(type='mmpretrain.PackInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    dict(type='mmacnn.RegionResize', size=480),
    dict(type='mmacnn.AddMaskChannel'),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=('gt_seg_map',),
        meta_keys=meta_keys,
    ),
]

train_dataloader = dict(
    batch_size=8,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='mmacnn.ClassBalancedSampler'),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.CocoRegionDataset',
        data_root=data_root,
        ann_file='annotations/instances_train2017.json',
        data_prefix=dict(img_path='train2017'),
        filter_cfg=dict(min_area=64),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.CocoRegionDataset',
        data_root=data_root,
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img_path='val2017'),
        filter_cfg=dict(min_area=64),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
# Nothing is chosen by the validation: the last epoch is tested.
test_dataloader = val_dataloader

val_evaluator = [dict(type='mmacnn.RegionAccuracy')]
test_evaluator = val_evaluator
