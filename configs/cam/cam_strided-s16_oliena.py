_base_ = [
    '../_base_/models/cam_strided-s16.py',
    '../_base_/datasets/oliena.py',
    '../_base_/schedules/adam_cam.py',
    '../_base_/default_runtime.py',
]

# Four photographs differ in much more than their cracks. What a scratch looks like is
# known from generated images: train cam_strided-s16_synthetic-defect-folders.py first.
load_from = 'work_dirs/cam_strided-s16_synthetic-defect-folders/epoch_20.pth'

max_epochs = 1200  # of one step each
warm_up, hold = 180, 180  # 15 % each
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=warm_up, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=warm_up + hold,
        T_max=max_epochs - warm_up - hold,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=max_epochs, val_interval=300)
default_hooks = dict(checkpoint=dict(interval=300))
