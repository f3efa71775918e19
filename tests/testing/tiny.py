# Copyright (c) mmacnn authors. All rights reserved.
"""A training that takes a second."""

from pathlib import Path

import numpy as np
from PIL import Image

CONFIG = """
custom_imports = dict(imports=['mmacnn'], allow_failed_imports=False)
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet', depth=18, stem_channels=4, base_channels=4, drop_path_rate=0.2),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=32),
    data_preprocessor=dict(num_classes=2, mean=[128], std=[64]),
)
dataset = dict(
    type='CustomDataset',
    data_root={data_root!r},
    pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='RandomResizedCrop', scale=24),
        dict(type='RandomFlip', prob=0.5),
        dict(type='ColorJitter', brightness=0.3),
        dict(type='PackInputs'),
    ],
)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dataset,
)
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CustomDataset',
        data_root={data_root!r},
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
    ),
)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = dict(type='Accuracy', topk=(1,))
train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=1)
val_cfg = test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.01))
param_scheduler = dict(type='CosineAnnealingLR', T_max=4)
default_hooks = dict(
    checkpoint=dict(
        type='CheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        save_best='accuracy/top1',
        rule='greater',
        backend_args=dict(backend='atomic'),
    ),
    exact_resume=dict(type='mmacnn.ExactResumeHook'),
)
randomness = dict(seed=3)
log_level = 'WARNING'
"""


def write_tiny_config(folder: Path) -> Path:
    """A config that trains a classifier on eight images of 24x24 in a second."""
    rng = np.random.default_rng(0)
    for index in range(8):
        place = folder / 'data' / ('dark', 'light')[index % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 150, (24, 24, 3)) + 100 * (index % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(place / f'{index}.png')
    path = folder / 'tiny.py'
    path.write_text(CONFIG.format(data_root=str(folder / 'data')))
    return path
