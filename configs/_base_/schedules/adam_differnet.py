# As published: 24 x 8 epochs of Adam. The gradient is not clipped there.
max_epochs = 192
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=2e-4, betas=(0.8, 0.8), eps=1e-4, weight_decay=1e-5)
)
param_scheduler = []
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=24)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [
    dict(
        type='mmacnn.AnomalyThresholdHook',
        dataloader='calibration_dataloader',
        max_fpr=0.05,
    )
]
