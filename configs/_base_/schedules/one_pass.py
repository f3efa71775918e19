# Learned in one pass over the images; mmengine wants an optimizer, which does nothing.
train_cfg = dict(by_epoch=True, max_epochs=1, val_interval=1)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.0))
param_scheduler = []

custom_hooks = [
    dict(type='mmacnn.MemoryBankHook'),
    dict(
        type='mmacnn.AnomalyThresholdHook',
        dataloader='calibration_dataloader',
        max_fpr=0.05,
    ),
]
