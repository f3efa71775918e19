# Boxes on as few as 1 % of the images, and those that the model finds itself, see
# README.md, "Self-training".
_base_ = ['./acnn-opt_strided_8e_synthetic-product-code.py']

max_epochs = 10
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
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
default_hooks = dict(
    # Validated, saved, and what finds boxes is the moving average of the weights.
    ema=dict(type='EMAHook', momentum=0.005, update_buffers=True),
    self_training=dict(type='mmacnn.SelfTrainingHook', begin=[0.3, 0.5, 0.7]),
)
