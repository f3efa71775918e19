# For your own images: `python -m mmacnn start` writes a config on top of this one.
_base_ = [
    '../_base_/models/acnn-opt_strided.py',
    '../_base_/datasets/yolo_roi.py',
    '../_base_/schedules/adamw_8e.py',
    '../_base_/default_runtime.py',
]

max_epochs = 30
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        T_max=max_epochs - 1,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
default_hooks = dict(
    checkpoint=dict(save_best='accuracy/top1'),
    # Images without a box get the one that the model finds, where it is sure of the
    # class.
    self_training=dict(type='mmacnn.SelfTrainingHook', begin=[0.5]),
)
