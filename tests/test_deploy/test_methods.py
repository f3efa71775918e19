# Copyright (c) mmacnn authors. All rights reserved.
"""What an export keeps, of every method, by small random models."""

import json
from pathlib import Path

import cv2
import pytest
import torch

from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector
from mmacnn.models.anomaly import DifferNet, PatchCore
from mmacnn.models.classifiers import ACNN, CAMClassifier

from ..testing.exported import benchmark, run_on_board, same_on_board
from ..testing.methods import METHODS, images_of, prepare, random_weights
from ..testing.paths import ROOT

for package in ('mmdeploy', 'onnx', 'onnxruntime'):
    pytest.importorskip(package)
from mmacnn.deploy import deploy  # noqa: E402
from mmacnn.deploy.methods import method_of  # noqa: E402
from mmacnn.deploy.model_folder import read_description  # noqa: E402
from mmacnn.deploy.tensorrt.operators import unsupported_operators  # noqa: E402


def export(deploy_cfg, config, weights, image, folder):
    lines = deploy(
        str(deploy_cfg),
        str(config),
        weights,
        str(image),
        str(folder),
        verify=2,
        verify_images=str(Path(image).parent),
    )
    assert 'labels agree' in lines[-1]
    return str(folder)


@pytest.mark.parametrize('name', ['cam', 'attentdiffernet'])
def test_raw_input(name, tmp_path):
    method = METHODS[name]
    config = prepare(method, tmp_path, train=2, test=4)
    image = images_of(method, tmp_path)[0]
    weights = random_weights(config, tmp_path / 'weights.pth')
    base = (ROOT / 'configs/deploy' / method.deploy).as_posix()
    mine = tmp_path / 'raw.py'
    mine.write_text(
        f"_base_ = ['{base}']\ncodebase_config = dict(raw_input='uint8')\n"
        "ir_config = dict(dynamic_axes=dict(_delete_=True, input={0: 'batch'}))\n"
    )
    folder = export(mine, config, weights, image, tmp_path / 'out')
    taken = read_description(folder)['mmacnn']['input']
    assert (taken['layout'], taken['dtype'], taken['mean']) == ('NHWC', 'uint8', None)
    assert benchmark(folder, image)['label'] in (0, 1)


@pytest.mark.parametrize('parent', [ACNN, CAMClassifier, DifferNet, PatchCore])
def test_derived_class_is_of_its_parents_method(parent):
    derived = type('Derived', (parent,), {})
    method = method_of(derived.__new__(derived))
    assert method is method_of(parent.__new__(parent))
    assert issubclass(parent, method.model)


EXTRACTOR = dict(
    type='mmacnn.FeatureMaps',
    backbone=dict(type='mmacnn.StridedConvNet', stem_channels=8, stages=[(8, 2, (1,))]),
    unit_length=False,  # of which a flow that is the identity would see nothing
)
MAPS_OF_THE_FORWARD_PASS = dict(
    patchcore=dict(type='mmacnn.PatchCore', feature_extractor=EXTRACTOR),
    spatial_flow=dict(
        type='mmacnn.DifferNet',
        feature_extractor=EXTRACTOR,
        flow=dict(
            type='mmacnn.SpatialFlow',
            in_channels=(8,),
            num_blocks=2,
            hidden_channels=8,
            kernel_sizes=(1,),
        ),
    ),
)


@pytest.mark.parametrize('name', MAPS_OF_THE_FORWARD_PASS)
def test_anomaly_map_that_needs_no_gradient(name, tmp_path):
    method = METHODS['attentdiffernet']
    config = Path(prepare(method, tmp_path, train=2, test=4))
    cfg = load_config(str(config))
    preprocessor = cfg.model.data_preprocessor
    model = MAPS_OF_THE_FORWARD_PASS[name]
    cfg.model = dict(model, data_preprocessor=preprocessor, sigma=2.0)
    cfg.dump(config)
    weights = random_weights(config, tmp_path / 'weights.pth')
    image = images_of(method, tmp_path)[0]
    deploy_cfg = ROOT / 'configs/deploy' / method.deploy
    folder = export(deploy_cfg, config, weights, image, tmp_path / 'out')
    output = read_description(folder)['mmacnn']['outputs'][-1]
    assert (output['role'], output['threshold'], output['stride']) == ('map', 0.0, None)
    (ours,) = Inspector(str(config), weights, device='cpu')([image])
    (theirs,) = Inspector(str(config), backend_model=folder)([image])
    assert abs(ours.heatmap - theirs.heatmap).max() < 1e-3
    assert len(ours.detections) == len(theirs.detections)
    assert not unsupported_operators(Path(folder, 'end2end.onnx'), '8.2')


CONFIG = """
default_scope = 'mmpretrain'
custom_imports = dict(imports=['mmacnn', 'toy_method'])
model = dict(
    type='mmengine.Toy',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor', mean=[100] * 3, std=[50] * 3
    ),
)
test_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(64, 48)),
            dict(type='mmpretrain.PackInputs'),
        ]
    )
)
"""
TOY_DEPLOY = """
_base_ = [
    '{root}/configs/deploy/_base_/classification.py',
    '{root}/configs/deploy/_base_/onnxruntime.py',
]
ir_config = dict(
    output_names=['score', 'heat'], dynamic_axes=dict(input={{0: 'batch'}})
)
"""


def test_sixth_method_is_one_file(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    (tmp_path / 'config.py').write_text(CONFIG)
    (tmp_path / 'deploy.py').write_text(TOY_DEPLOY.format(root=ROOT.as_posix()))
    images = tmp_path / 'images'
    images.mkdir()
    pixels = torch.randint(0, 256, (2, 60, 80, 3), dtype=torch.uint8).numpy()
    for index, image in enumerate(pixels):
        cv2.imwrite(str(images / f'{index}.png'), image)
    config = tmp_path / 'config.py'
    weights = random_weights(
        config, tmp_path / 'weights.pth', dataset_meta=dict(classes=('good', 'bright'))
    )
    image = images / '0.png'
    folder = export(tmp_path / 'deploy.py', config, weights, image, tmp_path / 'out')
    (ours,) = Inspector(str(config), weights, device='cpu')([image])
    (theirs,) = Inspector(str(config), backend_model=folder)([image])
    assert ours.class_name == theirs.class_name
    assert abs(ours.heatmap - theirs.heatmap).max() < 1e-3
    found = benchmark(folder, image)
    assert set(found) == {'label', 'score', 'heatmap'}
    assert found['score'] == pytest.approx(ours.score, abs=1e-4)
    same_on_board(run_on_board(folder, image, tmp_path / 'board.jsonl'), theirs)


@pytest.mark.parametrize(('layout', 'said'), [(None, 'unknown'), (1, '1'), (3, '3')])
def test_folder_of_another_layout(layout, said, tmp_path):
    facts = dict(format=layout) if layout else {}
    (tmp_path / 'detail.json').write_text(json.dumps(dict(mmacnn=facts)))
    with pytest.raises(
        ValueError, match=rf'another version .*layout {said}, expected 2\): export it'
    ):
        read_description(tmp_path)
