# As published: Adam at 1e-3, warm-up over 15 % of the training, hold, then cosine. How
# long the rate is held is not said; here as long as the warm-up.
max_epochs = 120
warm_up = 18
hold = 18
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
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
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=20)
val_cfg = dict()
test_cfg = dict()
