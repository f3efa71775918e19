# Without the blocks at stride 32.
model = dict(
    type='mmacnn.CAMClassifier',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.TruncatedBackbone',
        stride=16,
        backbone=dict(
            type='mmpretrain.MobileNetV3',
            arch='large',
            # mmpretrain's momentum of 0.01 needs hundreds of steps to follow.
            norm_cfg=dict(type='BN', eps=0.001, momentum=0.1),
        ),
    ),
    head=dict(
        type='mmacnn.CAMHead',
        num_classes=2,
        in_channels=112,
        loss=dict(type='mmacnn.BinaryFocalLoss', gamma=2.0),
    ),
)
