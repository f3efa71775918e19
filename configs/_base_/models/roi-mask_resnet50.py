model = dict(
    type='mmpretrain.ImageClassifier',
    data_preprocessor=dict(
        type='mmacnn.RoIMaskDataPreprocessor',
        mean=[123.68, 116.779, 103.939],
        std=[65.0, 65.0, 65.0],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.RoIMaskBackbone',
        points=('stem',),
        backbone=dict(
            type='mmpretrain.ResNet',
            depth=50,
            init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
        ),
    ),
    neck=dict(type='mmpretrain.GlobalAveragePooling'),
    head=dict(
        type='mmpretrain.LinearClsHead',
        num_classes=80,
        in_channels=2048,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)
