_base_ = [
    '../_base_/models/roi-mask_resnet18_narrow.py',
    '../_base_/datasets/synthetic_regions.py',
    '../_base_/schedules/adamw_8e.py',
    '../_base_/default_runtime.py',
]
