# Images, masks and a table of each split (image,mask,label), as `python -m mmacnn
# import ... --to regions` writes them.
data_root = 'data/regions'
classes = ('brick', 'glass', 'metal', 'wood')  # of yours
img_scale = (256, 256)  # width, height

meta_keys = ('img_path', 'ori_shape', 'img_shape', 'instance_id', 'region_fraction')
flip = dict(type='RandomFlip', prob=0.5)
colours = dict(
    type='mmacnn.RandomPhotometric',
    brightness=0.2,
    contrast=0.2,
    saturation=0.2,
    white_balance=0.05,
    gamma=0.15,
)
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    dict(type='mmacnn.RandomRegionCrop', size=img_scale[::-1], area_range=(0.3, 1.0)),
    flip,
    colours,
    dict(type='mmacnn.AddMaskChannel'),
    dict(type='mmpretrain.PackInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    dict(type='mmacnn.RegionResize', size=img_scale[::-1]),
    dict(type='mmacnn.AddMaskChannel'),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=('gt_seg_map',),
        meta_keys=meta_keys,
    ),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='mmacnn.ClassBalancedSampler'),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.RegionFolderDataset',
        data_root=data_root,
        ann_file='train.csv',
        data_prefix=dict(img_path='images', mask_path='masks'),
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
        type='mmacnn.RegionFolderDataset',
        data_root=data_root,
        ann_file='val.csv',
        data_prefix=dict(img_path='images', mask_path='masks'),
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
        type='mmacnn.RegionFolderDataset',
        data_root=data_root,
        ann_file='test.csv',
        data_prefix=dict(img_path='images', mask_path='masks'),
        classes=classes,
        test_mode=True,
        pipeline=test_pipeline,
    ),
)

val_evaluator = [dict(type='mmacnn.RegionAccuracy')]
test_evaluator = val_evaluator
