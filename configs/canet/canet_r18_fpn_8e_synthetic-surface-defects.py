_base_ = ['./faster-rcnn_r18_fpn_8e_synthetic-surface-defects.py']

# CAblock in a basic block, whose second and last convolution is its conv2.
plugins = [
    dict(
        cfg=dict(type='mmacnn.SpatialAttentionEncoder', num_heads=8, kv_stride=2),
        position='after_conv1',
    ),
    dict(cfg=dict(type='ContextBlock', ratio=1.0 / 16), position='after_conv2'),
]
model = dict(backbone=dict(plugins=plugins), neck=dict(type='mmacnn.LaplacianFPN'))
