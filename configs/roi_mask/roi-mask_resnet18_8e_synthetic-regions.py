_base_ = [
    '../_base_/models/roi-mask_resnet18-narrow.py',
    '../_base_/datasets/synthetic_regions.py',
    '../_base_/schedules/adamw_8e.py',
    '../_base_/default_runtime.py',
]

# The mask's convolution begins at zero, and no pretrained weights want to be kept.
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys=dict(roi_mask=dict(lr_mult=10.0, decay_mult=0.0)))
)
