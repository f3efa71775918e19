_base_ = [
    '../_base_/models/spatial-flow_efficientnet-lite0.py',
    '../_base_/datasets/synthetic_anomaly.py',
    '../_base_/schedules/adam_spatial_flow.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(checkpoint=dict(interval=16, max_keep_ckpts=1))
