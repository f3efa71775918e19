# Without the last of its four stages.
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
            type='mmpretrain.ConvNeXt',
            arch='tiny',
            drop_path_rate=0.1,
            # The head needs a map; as published for ImageNet it pools before the norm.
            gap_before_final_norm=False,
        ),
    ),
    head=dict(
        type='mmacnn.CAMHead',
        num_classes=2,
        in_channels=384,
        loss=dict(type='mmacnn.BinaryFocalLoss', gamma=2.0),
    ),
)
