# Small enough to learn from scratch on a CPU. A cell sees 87x87 px round its centre:
# with a wider view the map need not be high where the defect is.
model = dict(
    type='mmacnn.CAMClassifier',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[127.5, 127.5, 127.5],
        std=[64.0, 64.0, 64.0],
        to_rgb=True,
    ),
    backbone=dict(
        type='mmacnn.StridedConvNet',
        stem_channels=16,
        stem_stride=2,
        stem_kernel=3,
        stages=[(24, 2, (1,)), (48, 2, (1,)), (96, 2, (1,))],
    ),
    head=dict(
        type='mmacnn.CAMHead',
        num_classes=2,
        in_channels=96,
        loss=dict(type='mmacnn.BinaryFocalLoss', gamma=2.0),
    ),
)
