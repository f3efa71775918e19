_base_ = [
    '../_base_/models/patchcore_efficientnet-lite0.py',
    '../_base_/datasets/mvtec_ad_256.py',
    '../_base_/schedules/one_pass.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(logger=dict(interval=5))
