# A-CNN for images with several objects: sizes as in acnn-opt_strided.py.
model = dict(
    type='mmacnn.ACNNDetector',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[127.5, 127.5, 127.5],
        std=[64.0, 64.0, 64.0],
        bgr_to_rgb=True,
        pad_size_divisor=8,
    ),
    max_rois=16,
    test_cfg=dict(score_thr=0.05, nms=dict(type='nms', iou_threshold=0.5)),
    in_channels=32,
    localizer=dict(
        type='mmacnn.StridedConvNet',
        stem_channels=16,
        stem_stride=4,
        stem_kernel=4,
        stages=[(32, 2, (1, 2, 4, 8))],
    ),
    stn=dict(
        type='mmacnn.SpatialTransformerNeck',
        roi_size=(48, 80),
        output_size=(80, 128),
        norm_cfg=dict(type='IN', eps=0.02),
    ),
    backbone=dict(
        type='mmacnn.StridedConvNet',
        stem_channels=16,
        stem_stride=2,
        stem_kernel=3,
        stages=[(24, 2, (1,)), (48, 1, (1, 2)), (64, 1, (1, 2))],
    ),
    bbox_head=dict(type='mmacnn.ROIBoxHead', in_channels=64),
    neck=dict(type='mmpretrain.GeneralizedMeanPooling', p=3.0, p_trainable=False),
    head=dict(
        type='mmacnn.NormedLinearClsHead',
        num_classes=4,
        in_channels=64,
        loss=dict(type='mmpretrain.CrossEntropyLoss'),
    ),
)
