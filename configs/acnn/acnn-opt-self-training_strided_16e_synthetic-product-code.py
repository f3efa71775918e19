_base_ = ['./acnn-opt_strided_8e_synthetic-product-code.py']

# Twice as long, with boxes that the model finds itself: README.md, "Self-training". An
# epoch has half the length then, since no image is repeated when each has a box.
max_epochs = 16
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
train_cfg = dict(max_epochs=max_epochs, val_interval=4)
default_hooks = dict(
    # Validated, saved, and what finds boxes is the moving average of the weights.
    ema=dict(type='EMAHook', momentum=0.005, update_buffers=True),
    self_training=dict(type='mmacnn.SelfTrainingHook', begin=[0.25, 0.5, 0.75]),
)
