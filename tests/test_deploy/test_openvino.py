# Copyright (c) mmacnn authors. All rights reserved.
"""Every method in OpenVINO, as in PyTorch."""

import json

import pytest

from mmacnn.inference import Inspector

from ..testing.exported import assert_same, benchmark, run_on_board, same_on_board
from ..testing.methods import METHODS, images_of, prepare, random_weights
from ..testing.paths import ROOT

pytest.importorskip('openvino', reason='requirements/openvino.txt are not installed')
pytest.importorskip('mmdeploy')
QUICK = ('cam', 'openvino')  # the others with make soak
CONFIGS = dict(
    acnn='acnn/full_{}_static-480x640.py',
    canet='mmdet/detection_{}_dynamic.py',
    cam='cam/cam_{}_dynamic.py',
    roi_mask='roi_mask/classification_{}_dynamic.py',
    attentdiffernet='attentdiffernet/anomaly_{}_dynamic-batch.py',
)


@pytest.mark.parametrize(
    'name, target',
    [
        pytest.param(name, target, marks=[pytest.mark.soak] * ((name, target) != QUICK))
        for name in CONFIGS
        for target in ('openvino', 'openvino-fp16', 'openvino-int8')
    ],
)
def test_exported_model_agrees(name, target, tmp_path):
    from mmacnn.deploy import deploy

    if target.endswith('int8'):
        pytest.importorskip('nncf')
    method = METHODS[name]
    config = prepare(method, tmp_path, train=4)
    weights = random_weights(config, tmp_path / 'random.pth', method.size)
    images, folder = images_of(method, tmp_path), str(tmp_path / 'exported')
    lines = deploy(
        str(ROOT / 'configs/deploy' / CONFIGS[name].format(target)),
        config,
        weights,
        str(images[0]),
        folder,
        verify=2,
        verify_images=str(images[0].parent),
        calibration_images=str(images[0].parent),
    )
    assert any('for OpenVINO' in line for line in lines)
    detail = json.loads((tmp_path / 'exported/detail.json').read_text())
    assert detail['mmacnn']['backend'] == 'openvino'
    exported = list(Inspector(config, backend_model=folder, **method.inspector)(images))
    if target == 'openvino':
        inspector = Inspector(config, weights, device='cpu', **method.inspector)
        for ours, theirs in zip(inspector(images), exported, strict=True):
            assert_same(ours, theirs, method.exports_places)
    assert benchmark(folder, images[0], method.size)
    regions, lines = method.inspector.get('regions', ()), tmp_path / 'board.jsonl'
    shown = run_on_board(folder, images[0], lines, regions, 'openvino')
    same_on_board(shown, exported[0])
