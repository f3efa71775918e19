# A ResNet-18 of a quarter of the width without its last stage, to train on a CPU.
model = dict(
    type='mmacnn.CAMClassifier',
    data_preprocessor=dict(
        type='mmpretrain.ClsDataPreprocessor',
        mean=[127.5, 127.5, 127.5],
        std=[64.0, 64.0, 64.0],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.TruncatedBackbone',
        stride=16,
        backbone=dict(
            type='mmpretrain.ResNet', depth=18, stem_channels=16, base_channels=16
        ),
    ),
    head=dict(
        type='mmacnn.NormedCAMHead',
        num_classes=2,
        in_channels=64,
        loss=dict(type='mmacnn.BinaryFocalLoss', gamma=2.0),
    ),
)
