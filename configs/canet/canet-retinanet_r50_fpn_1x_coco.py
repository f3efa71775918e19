_base_ = [
    'mmdet::retinanet/retinanet_r50_fpn_1x_coco.py',
    '../_base_/models/cablock.py',
]

# The neck keeps RetinaNet's options: from stride 8, two levels more by convolutions.
model = dict(
    backbone=dict(plugins=_base_.cablock), neck=dict(type='mmacnn.LaplacianFPN')
)

train_dataloader = dict(dataset=dict(type='mmacnn.CheckedCocoDataset'))
val_dataloader = dict(dataset=dict(type='mmacnn.CheckedCocoDataset'))
test_dataloader = val_dataloader

# A training that was killed and resumed ends with the same weights.
default_hooks = dict(exact_resume=dict(type='mmacnn.ExactResumeHook'))
