# Cut like EfficientNetV2-B0, after the first expansion of the stage of stride 32.
model = dict(
    type='mmacnn.CAMClassifier',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[127.0, 127.0, 127.0],
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.TruncatedBackbone',
        stride=16,
        keep_expansion=True,
        backbone=dict(type='mmacnn.EfficientNetLite'),
    ),
    head=dict(
        type='mmacnn.CAMHead',
        num_classes=2,
        in_channels=672,
        loss=dict(type='mmacnn.BinaryFocalLoss', gamma=2.0),
    ),
)
