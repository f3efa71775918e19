# For your own regions: `python -m mmacnn start --method roi-mask ...` writes a config
# on top of this one. Of each image the region and as much again on all sides.
_base_ = ['./roi-mask_efficientnet-lite0_20e_region-folder.py']

img_scale = (160, 160)  # width, height
crop = dict(type='mmacnn.CropToRegion', margin=1.0)
resize = dict(type='mmacnn.RegionResize', size=img_scale[::-1])
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
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
