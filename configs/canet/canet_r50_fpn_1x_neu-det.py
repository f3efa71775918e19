_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    'mmdet::_base_/schedules/schedule_1x.py',
    'mmdet::_base_/default_runtime.py',
    '../_base_/datasets/neu_det.py',
    '../_base_/models/cablock.py',
]

model = dict(
    backbone=dict(plugins=_base_.cablock),
    neck=dict(type='mmacnn.LaplacianFPN'),
    roi_head=dict(bbox_head=dict(num_classes=6)),
)

# A training that was killed and resumed ends with the same weights.
default_hooks = dict(exact_resume=dict(type='mmacnn.ExactResumeHook'))
