# The region alone, where it is.
_base_ = ['./no-mask_resnet18_8e_synthetic-regions.py']

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    {{_base_.flip}},
    {{_base_.colours}},
    dict(type='mmacnn.BlackOutBackground'),
    dict(type='mmpretrain.PackInputs', meta_keys={{_base_.meta_keys}}),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadRegionMask'),
    dict(type='mmacnn.BlackOutBackground'),
    dict(type='mmpretrain.PackInputs', meta_keys={{_base_.meta_keys}}),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
