# A-CNN, the lightest size. Multiply-adds and parameters: configs/acnn/README.md.
model = dict(
    type='mmacnn.ACNN',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[127.5, 127.5, 127.5],
        std=[64.0, 64.0, 64.0],
        to_rgb=True,
        channels_last=True,
    ),
    localizer=dict(
        type='mmacnn.HeatmapLocalizer',
        in_channels=32,
        backbone=dict(
            type='mmacnn.StridedConvNet',
            stem_channels=16,
            stem_stride=4,
            stem_kernel=4,
            stages=[(32, 2, (1, 2, 4, 8))],
        ),
    ),
    stn=dict(
        type='mmacnn.SpatialTransformerNeck',
        roi_size=(48, 80),
        output_size=(80, 128),
        # eps is (9 grey levels / std)^2: the noise of a flat crop is not blown up.
        norm_cfg=dict(type='IN', eps=0.02),
    ),
    backbone=dict(
        type='mmacnn.StridedConvNet',
        stem_channels=16,
        stem_stride=2,
        stem_kernel=3,
        stages=[(24, 2, (1,)), (48, 1, (1, 2)), (64, 1, (1, 2))],
    ),
    # A class is told by one or two characters: the generalized mean keeps the
    # largest values, where an average would dilute it.
    neck=dict(type='mmpretrain.GeneralizedMeanPooling', p=3.0, p_trainable=False),
    head=dict(
        type='mmacnn.NormedLinearClsHead',
        num_classes=4,
        in_channels=64,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
    loss_localization=dict(type='mmacnn.HeatmapKLDivLoss', sigma=6.0),
)
