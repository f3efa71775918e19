# For your own images: a one-stage detector without operators that mmcv has to compile.
_base_ = [
    '../_base_/models/rtmdet-tiny_cspnext.py',
    '../_base_/datasets/detection_folders.py',
    '../_base_/schedules/adamw_detection_12e.py',
    '../_base_/detection_runtime.py',
]

default_hooks = dict(checkpoint=dict(save_best='coco/bbox_mAP_50'))
