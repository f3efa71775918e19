# MVTec AD at 256x256; the category is chosen as in mvtec_ad.py.
_base_ = './mvtec_ad.py'
data_root = 'data/mvtec_ad'
category = 'bottle'
img_scale = (256, 256)  # width, height

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=img_scale),
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadDefectMask'),
    dict(type='Resize', scale=img_scale),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_seg_map', 'defect_kind')),
]

train_dataloader = dict(
    batch_size=16, num_workers=1, dataset=dict(pipeline=train_pipeline)
)
val_dataloader = dict(batch_size=4, num_workers=1, dataset=dict(pipeline=test_pipeline))
calibration_dataloader = val_dataloader
test_dataloader = val_dataloader
