# Strides 4, 8 and 16 joined at stride 4: the map follows the outline of a defect.
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
        # The first stages and all normalisation stay ImageNet's, which is less work:
        # configs/cam/README.md.
        backbone=dict(
            type='mmacnn.EfficientNetLite',
            out_indices=(2, 3, 4),
            frozen_stages=3,
            norm_eval=True,
        ),
    ),
    neck=dict(type='mmacnn.JoinedStrides', in_channels=[24, 40, 112], channels=64),
    head=dict(
        type='mmacnn.CAMHead',
        num_classes=2,
        in_channels=64,
        pooling='log-sum-exp',
        sharpness=4.0,
        loss=dict(type='mmacnn.BinaryFocalLoss', gamma=2.0),
        mask_loss=dict(type='mmacnn.MaskLoss'),
    ),
)
