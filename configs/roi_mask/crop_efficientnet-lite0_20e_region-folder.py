# The region's box alone, enlarged, to compare with: no mask, no surroundings.
_base_ = ['./roi-mask-crop_efficientnet-lite0_20e_region-folder.py']

model = dict(
    data_preprocessor=dict(type='mmacnn.ImageDataPreprocessor'),
    backbone=dict(_delete_=True, type='mmacnn.EfficientNetLite'),
)
crop = dict(type='mmacnn.CropToRegion', margin=0.1)
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    crop,
    {{_base_.resize}},
    {{_base_.flip}},
    {{_base_.colours}},
    dict(type='mmpretrain.PackInputs', meta_keys={{_base_.meta_keys}}),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    crop,
    {{_base_.resize}},
    dict(type='mmpretrain.PackInputs', meta_keys={{_base_.meta_keys}}),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
