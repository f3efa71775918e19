# MVTec AD, as it is unpacked: a folder for each category; see docs/en/data_formats.md.
# Another category: change this line or say --cfg-options category=screw. For all of
# them there is tools/analysis_tools/run_categories.py.
data_root = 'data/mvtec_ad'
category = 'bottle'

train_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='Resize', scale=(448, 448)),
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(type='mmacnn.LoadAnyDepthImage'),
    dict(type='mmacnn.LoadDefectMask'),
    dict(type='Resize', scale=(448, 448)),
    dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_seg_map', 'defect_kind')),
]

train_dataloader = dict(
    batch_size=24,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.AnomalyFolderDataset',
        data_root=data_root,
        category=category,
        subset='train',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.AnomalyFolderDataset',
        data_root=data_root,
        category=category,
        subset='val',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
# Good images that were not learnt from: what the threshold is chosen on.
calibration_dataloader = val_dataloader
test_dataloader = dict(
    batch_size=1,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='mmacnn.same_size_collate'),
    dataset=dict(
        type='mmacnn.AnomalyFolderDataset',
        data_root=data_root,
        category=category,
        subset='test',
        test_mode=True,
        pipeline=test_pipeline,
    ),
)

val_evaluator = dict(type='mmacnn.AnomalyMetric')
test_evaluator = val_evaluator
