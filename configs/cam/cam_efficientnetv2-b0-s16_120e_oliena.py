_base_ = [
    '../_base_/models/cam_efficientnetv2-b0-s16.py',
    '../_base_/datasets/oliena.py',
    '../_base_/schedules/adam_cam.py',
    '../_base_/default_runtime.py',
]
