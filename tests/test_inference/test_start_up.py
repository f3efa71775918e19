# Copyright (c) mmacnn authors. All rights reserved.
"""A user waits for what the method needs, and for nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIGS = dict(
    acnn='configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py',
    roi_mask='configs/roi_mask/roi-mask_resnet18_8e_synthetic-regions.py',
    cam='configs/cam/cam_strided-s16_20e_synthetic-defect-folders.py',
    attentdiffernet='configs/attentdiffernet/'
    'attentdiffernet-se_alexnet_12e_synthetic-anomaly.py',
)
# What other methods, training, reports or deployment need.
NOT_NEEDED = (
    'mmdet',
    'matplotlib',
    'sklearn',
    'pandas',
    'pycocotools',
    'shapely',
    'onnxruntime',
    'onnx',
    'mmdeploy',
    'jinja2',
    'pytorch_grad_cam',
)
PREDICT = f"""
import sys
import numpy as np
import torch
from mmengine.registry import MODELS, DefaultScope
from mmacnn.inference import Inspector
from mmacnn.engine.config import load_config

config, weights = sys.argv[1:]
cfg = load_config(config)
with DefaultScope.overwrite_default_scope('mmpretrain'):
    torch.save(MODELS.build(cfg.model).state_dict(), weights)
image = np.full((96, 96, 3), 128, np.uint8)
if 'roi_mask' in config:
    region = [[10, 10, 50, 10, 50, 40]]
    results = list(Inspector(config, weights, 'cpu', regions=[region])(image))
elif 'attentdiffernet' in config:  # without a threshold there is no verdict
    inferencer = Inspector(config, weights, 'cpu').inferencer
    results = inferencer.forward(inferencer.preprocess([image], ['a']))
    inferencer.postprocess(results[0], 'a', (96, 96))
else:
    results = list(Inspector(config, weights, 'cpu')(image))
assert len(results) == 1
print(*(name for name in {NOT_NEEDED} if name in sys.modules))
"""


@pytest.mark.parametrize(
    'method',
    [
        method if method == 'acnn' else pytest.param(method, marks=pytest.mark.soak)
        for method in CONFIGS
    ],
)
def test_a_verdict_imports_what_the_method_needs(method, tmp_path):
    arguments = [str(ROOT / CONFIGS[method]), str(tmp_path / 'weights.pth')]
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', PREDICT, *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    imported = set(done.stdout.splitlines()[-1].split())
    # A polygon becomes a mask by pycocotools; FrEIA imports scipy alone.
    assert imported <= ({'pycocotools'} if method == 'roi_mask' else set())


@pytest.mark.parametrize(
    ('module', 'absent'),
    [
        ('mmacnn', ('mmpretrain', 'mmdet', 'mmcv', 'mmengine.runner')),
        ('mmacnn.datasets', ('mmpretrain', 'mmdet', 'mmcv', 'mmengine.runner')),
        ('mmacnn.models', ('mmpretrain', 'mmdet', 'mmcv', 'mmengine.runner')),
        ('mmacnn.apis', ('mmpretrain', 'mmdet', 'mmcv', 'mmengine.runner')),
    ],
)
def test_importing_a_package_imports_little(module, absent):
    code = f'import sys, {module}; print([n for n in {absent} if n in sys.modules])'
    run = [sys.executable, '-c', code]
    found = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert found.strip() == '[]'
