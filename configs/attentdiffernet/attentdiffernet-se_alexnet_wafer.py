_base_ = [
    '../_base_/models/attentdiffernet-se_alexnet.py',
    '../_base_/datasets/wafer.py',
    '../_base_/schedules/adam_differnet.py',
    '../_base_/default_runtime.py',
]

# Weights of the flow and Adam's moments are 2 GB.
default_hooks = dict(checkpoint=dict(interval=24, max_keep_ckpts=1))
