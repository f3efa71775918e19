_base_ = [
    '../_base_/models/attentdiffernet-cbam_efficientnet-lite0.py',
    '../_base_/datasets/mvtec_ad.py',
    '../_base_/schedules/adam_differnet.py',
    '../_base_/default_runtime.py',
]

default_hooks = dict(checkpoint=dict(interval=24, max_keep_ckpts=1))
