_base_ = [
    '../_base_/models/faster-rcnn-small_r18_fpn.py',
    '../_base_/datasets/synthetic_surface_defects.py',
    '../_base_/schedules/adamw_detection_8e.py',
    '../_base_/detection_runtime.py',
]
