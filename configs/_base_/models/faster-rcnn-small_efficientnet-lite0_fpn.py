# The small Faster R-CNN on EfficientNet-Lite0 with ImageNet's weights, strides 4 to 32.
_base_ = ['./faster-rcnn-small_r18_fpn.py']

model = dict(
    data_preprocessor=dict(mean=[127.0, 127.0, 127.0], std=[128.0, 128.0, 128.0]),
    backbone=dict(
        _delete_=True,
        type='mmacnn.EfficientNetLite',
        out_indices=(2, 3, 4, 5),
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained',
            checkpoint='data/efficientnet-lite0.pth',
            prefix='backbone.',
        ),
    ),
    neck=dict(in_channels=[24, 40, 112, 320], norm_cfg=dict(type='BN')),
)
