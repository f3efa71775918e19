_base_ = [
    '../_base_/models/differnet_efficientnet-lite0.py',
    '../_base_/datasets/synthetic_anomaly.py',
    '../_base_/schedules/adam_differnet.py',
    '../_base_/default_runtime.py',
]

# Small enough for one core of a CPU; parts lie nearly alike.
model = dict(
    feature_extractor=dict(scales=(256, 128, 64)),
    flow=dict(num_blocks=4, hidden_channels=256),
    views=dict(num_train=1, num_test=2, degrees=3.0),
    saliency=dict(num_views=1),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3), clip_grad=dict(max_norm=10.0))
train_cfg = dict(max_epochs=8, val_interval=8)
default_hooks = dict(checkpoint=dict(interval=8, max_keep_ckpts=1))
