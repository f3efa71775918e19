# The classifier of acnn-opt on the whole image: no localizer, no crop.
model = dict(
    type='mmpretrain.ImageClassifier',
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
        stages=[(24, 2, (1,)), (48, 1, (1, 2)), (64, 1, (1, 2))],
    ),
    neck=dict(type='mmpretrain.GeneralizedMeanPooling', p=3.0, p_trainable=False),
    head=dict(
        type='mmacnn.NormedLinearClsHead',
        num_classes=4,
        in_channels=64,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)
