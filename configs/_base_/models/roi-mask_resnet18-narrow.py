# A quarter of the channels: small enough to learn from scratch on a CPU.
model = dict(
    type='mmpretrain.ImageClassifier',
    data_preprocessor=dict(
        type='mmacnn.RoIMaskDataPreprocessor',
        mean=[127.5, 127.5, 127.5],
        std=[64.0, 64.0, 64.0],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.RoIMaskBackbone',
        points=('stem',),
        backbone=dict(
            type='mmpretrain.ResNet', depth=18, stem_channels=16, base_channels=16
        ),
    ),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=8,
        in_channels=128,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)
