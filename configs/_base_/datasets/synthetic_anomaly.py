# Made by tools/make_synthetic_dataset.py --task anomaly, 256x256.
_base_ = './mvtec_ad.py'
data_root = 'data/synthetic-anomaly'
category = ''

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=(256, 256)),
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadDefectMask'),
    dict(type='Resize', scale=(256, 256)),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_seg_map', 'defect_kind')),
]

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    dataset=dict(data_root=data_root, category=category, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    dataset=dict(data_root=data_root, category=category, pipeline=test_pipeline),
)
calibration_dataloader = val_dataloader
test_dataloader = val_dataloader
