_base_ = [
    '../_base_/datasets/region_folder.py',
    '../_base_/schedules/adamw_8e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    type='mmpretrain.ImageClassifier',
    data_preprocessor=dict(
        type='mmacnn.RoIMaskDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.RoIMaskBackbone',
        points=('stem',),
        backbone=dict(type='mmpretrain.MobileNetV3', arch='small'),
    ),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=4,
        in_channels=576,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)
