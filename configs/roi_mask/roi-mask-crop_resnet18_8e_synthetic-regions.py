# The region and its surroundings enlarged, and the mask: large regions keep their
# detail, small ones what is around them.
_base_ = ['./roi-mask_resnet18_8e_synthetic-regions.py']

crop = dict(type='mmacnn.CropToRegion', margin=1.0)
resize = dict(type='mmacnn.RegionResize', size=128)
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    crop,
    resize,
    {{_base_.flip}},
    {{_base_.colours}},
    dict(type='mmacnn.AddMaskChannel'),
    dict(type='mmpretrain.PackInputs', meta_keys={{_base_.meta_keys}}),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    crop,
    resize,
    dict(type='mmacnn.AddMaskChannel'),
    dict(
        type='mmpretrain.PackInputs',
        algorithm_keys=('gt_seg_map',),
        meta_keys={{_base_.meta_keys}},
    ),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
