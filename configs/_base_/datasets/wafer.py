# Wafer maps of WM-811K or MixedWM38, made images by
# tools/dataset_converters/wafer_to_folders.py; see docs/en/data_formats.md.
_base_ = './mvtec_ad.py'
data_root = 'data/wafer'
category = ''

# A map has one pixel for each die: enlarged, a die stays good or failed.
resize = dict(type='Resize', scale=(448, 448), interpolation='nearest')
train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    resize,
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    resize,
    dict(type='mmpretrain.PackInputs', algorithm_keys=('defect_kind',)),
]

train_dataloader = dict(
    dataset=dict(data_root=data_root, category=category, pipeline=train_pipeline)
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, category=category, pipeline=test_pipeline)
)
calibration_dataloader = val_dataloader
test_dataloader = val_dataloader
