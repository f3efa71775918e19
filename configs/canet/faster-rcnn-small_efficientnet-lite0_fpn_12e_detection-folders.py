# For your own images: `python -m mmacnn start` writes a config on top of this one.
_base_ = [
    '../_base_/models/faster-rcnn-small_efficientnet-lite0_fpn.py',
    '../_base_/datasets/detection_folders.py',
    '../_base_/schedules/adamw_detection_12e.py',
    '../_base_/detection_runtime.py',
]

default_hooks = dict(checkpoint=dict(save_best='coco/bbox_mAP_50'))
