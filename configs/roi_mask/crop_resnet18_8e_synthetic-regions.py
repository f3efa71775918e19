# The region's box alone, enlarged.
_base_ = ['./no-mask_resnet18_8e_synthetic-regions.py']

crop = dict(type='mmacnn.CropToRegion', margin=0.1)
resize = dict(type='mmacnn.RegionResize', size=128)
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    crop,
    resize,
    {{_base_.flip}},
    {{_base_.colours}},
    dict(type='mmpretrain.PackInputs', meta_keys={{_base_.meta_keys}}),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    crop,
    resize,
    dict(type='mmpretrain.PackInputs', meta_keys={{_base_.meta_keys}}),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
