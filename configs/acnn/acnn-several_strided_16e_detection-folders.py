# Your own images of none, one or several small objects each, all boxes drawn.
# Set img_scale, classes, model.head.num_classes, and in model.stn the size of the
# largest object (x 1.2) as roi_size; max_rois is twice the objects of an image.
_base_ = [
    '../_base_/models/acnn-detector_strided.py',
    '../_base_/datasets/detection_folders.py',
    '../_base_/schedules/adamw_8e.py',
    '../_base_/detection_runtime.py',
]

img_scale = (640, 480)
model = dict(localizer=dict(stages=[(32, 2, (1, 1, 2, 2, 4, 8))]))
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
    dict(
        type='RandomAffine',
        max_rotate_degree=6.0,
        max_translate_ratio=0.1,
        scaling_ratio_range=(0.8, 1.25),
        max_shear_degree=3.0,
    ),
    dict(
        type='mmacnn.RandomPhotometric',
        brightness=0.45,
        contrast=0.35,
        saturation=0.7,
        white_balance=0.2,
        gamma=0.25,
    ),
    dict(type='mmacnn.RandomBlur', sigma=(0.0, 0.8), motion=2.0),
    dict(type='mmacnn.RandomNoise', sigma=(0.0, 10.0), coarse_sigma=(0.0, 8.0)),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=img_scale, keep_ratio=False),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(batch_size=16, dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(batch_size=16, dataset=dict(pipeline=test_pipeline))

max_epochs = 16
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        T_max=max_epochs - 1,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=max_epochs, val_interval=2)
default_hooks = dict(checkpoint=dict(save_best='coco/bbox_mAP_50'))
