_base_ = [
    '../_base_/models/patchcore_efficientnet-lite0.py',
    '../_base_/datasets/synthetic_anomaly.py',
    '../_base_/schedules/one_pass.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(logger=dict(interval=5))

# The bank scores each image without what it gave itself, so that all good images are
# learned from and calibrated on. There are none left for a validation.
train_dataloader = dict(dataset=dict(val_fraction=0.0))
calibration_dataloader = dict(dataset=dict(subset='train', val_fraction=0.0))
val_dataloader = None
val_cfg = None
val_evaluator = None
