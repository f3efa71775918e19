# Cut after the first expansion of stage 6: its 1x1 convolution, norm and activation.
model = dict(
    type='mmacnn.CAMClassifier',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[127.5, 127.5, 127.5],
        std=[127.5, 127.5, 127.5],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.TruncatedBackbone',
        stride=16,
        keep_expansion=True,
        backbone=dict(type='mmpretrain.EfficientNetV2', arch='b0'),
    ),
    head=dict(
        type='mmacnn.CAMHead',
        num_classes=2,
        in_channels=672,
        loss=dict(type='mmacnn.BinaryFocalLoss', gamma=2.0),
    ),
)
