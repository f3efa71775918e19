max_epochs = 16
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=2e-3, weight_decay=1e-5),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        eta_min=1e-5,
        by_epoch=True,
        end=max_epochs,
        convert_to_iter_based=True,
    )
]
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [
    dict(
        type='mmacnn.AnomalyThresholdHook',
        dataloader='calibration_dataloader',
        max_fpr=0.05,
    )
]
