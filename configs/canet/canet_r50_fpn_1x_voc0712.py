_base_ = [
    'mmdet::pascal_voc/faster-rcnn_r50_fpn_1x_voc0712.py',
    '../_base_/models/cablock.py',
]

model = dict(
    backbone=dict(plugins=_base_.cablock), neck=dict(type='mmacnn.LaplacianFPN')
)

# A training that was killed and resumed ends with the same weights.
default_hooks = dict(exact_resume=dict(type='mmacnn.ExactResumeHook'))
