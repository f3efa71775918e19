# As published: ResNet-50 of ImageNet, COCO's instances drawn class by class, Adam at
# 1e-5, 8 regions a step (here on each of 8 GPUs).
_base_ = [
    '../_base_/models/roi-mask_resnet50.py',
    '../_base_/datasets/coco_regions.py',
    '../_base_/default_runtime.py',
]

# The published code names no number of epochs but a million steps of 8 regions.
max_epochs = 10
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-5, weight_decay=1e-5))
param_scheduler = []
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=8)
