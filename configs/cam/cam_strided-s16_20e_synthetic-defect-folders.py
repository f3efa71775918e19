_base_ = [
    '../_base_/models/cam_strided-s16.py',
    '../_base_/datasets/synthetic_defect_folders.py',
    '../_base_/schedules/adam_cam.py',
    '../_base_/default_runtime.py',
]

max_epochs = 20
warm_up, hold = 3, 3  # 15 % each
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
train_cfg = dict(max_epochs=max_epochs, val_interval=5)
