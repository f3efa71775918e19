# Copyright (c) mmacnn authors. All rights reserved.
"""Every method and every reader of a model folder, by small random models."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch

from mmacnn import apis
from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector

from ..testing.methods import METHODS, images_of, prepare, random_weights
from ..testing.paths import ROOT

for package in ('mmdeploy', 'onnx', 'onnxruntime'):
    pytest.importorskip(package)
from mmacnn.benchmark.timed_models import open_model  # noqa: E402
from mmacnn.deploy import deploy  # noqa: E402
from mmacnn.deploy.model_folder import read_description  # noqa: E402
from mmacnn.deploy.tensorrt.operators import unsupported_operators  # noqa: E402

ROLES = dict(
    acnn=['scores', 'centre', 'roi'],
    canet=['boxes', 'labels'],
    cam=['scores', 'map'],
    roi_mask=['scores'],
    attentdiffernet=['anomaly_score', 'scores', 'label'],
)
BENCHMARKED = dict(
    acnn={'label', 'score', 'roi'},
    canet={'boxes', 'labels'},
    cam={'label', 'score', 'heatmap'},
    roi_mask={'label', 'score'},
    attentdiffernet={'label', 'score', 'anomaly_score'},
)


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


def benchmark(folder, image):
    model = open_model(folder, num_threads=1, input_size=(96, 96))
    assert min(model([cv2.imread(str(image))])) > 0
    (result,) = model.results
    return result


def run_on_board(folder, image, results, regions=()):
    """What the runner, a program of its own, says of an image."""
    polygons = [','.join(map(str, region[0])) for region in regions]
    subprocess.run(
        [
            *(sys.executable, str(ROOT / 'runner/run.py'), folder, str(image)),
            *('--backend', 'onnxruntime', '--results', str(results)),
            *(['--polygon', *polygons] if polygons else []),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (line,) = results.read_text().splitlines()
    return json.loads(line)


def assert_same(shown, expected):
    """The runner and the Inspector agree on an image."""
    assert shown['verdict'] == expected.verdict
    assert shown['class_name'] == expected.class_name
    if expected.score is not None:
        assert shown['score'] == pytest.approx(expected.score, abs=1e-3)
    if expected.roi is not None:
        assert shown['roi'] == pytest.approx(expected.roi, abs=0.5)
    assert len(shown['detections']) == len(expected.detections)
    for ours, theirs in zip(shown['detections'], expected.detections, strict=True):
        assert ours['box'] == pytest.approx(theirs.box, abs=1.0)


@pytest.fixture(params=METHODS)
def name(request):
    return request.param


def test_every_reader_takes_every_method(name, tmp_path):
    method = METHODS[name]
    config = prepare(method, tmp_path, train=2, test=4)
    images = images_of(method, tmp_path)
    weights = random_weights(config, tmp_path / 'weights.pth')
    deploy_cfg = ROOT / 'configs/deploy' / method.deploy
    folder = export(deploy_cfg, config, weights, images[0], tmp_path / 'out')
    facts = read_description(folder)['mmacnn']
    assert [each['role'] for each in facts['outputs']] == ROLES[name]

    tested = dict(work_dir=str(tmp_path / 'run'), cfg_options=None)
    metrics = apis.test(config, None, backend_model=folder, **tested)
    expected = apis.test(config, weights, **tested)
    for key in metrics.keys() & expected.keys():
        assert metrics[key] == pytest.approx(expected[key], abs=1e-2, nan_ok=True)

    inspector = Inspector(config, backend_model=folder, **method.inspector)
    (inspected,) = inspector(images[:1])
    found = benchmark(folder, images[0])
    assert set(found) == BENCHMARKED[name]
    if 'roi' in found:
        assert inspected.roi == pytest.approx(found['roi'].tolist(), abs=0.5)
    if name == 'canet':
        assert found['boxes'].shape[1] == 5
    if 'heatmap' in found:
        assert found['heatmap'].shape == inspected.heatmap.shape
        assert abs(found['heatmap'] - inspected.heatmap).max() < 1e-2
    regions = method.inspector.get('regions', ())
    shown = run_on_board(folder, images[0], tmp_path / 'board.jsonl', regions)
    assert_same(shown, inspected)


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


DERIVED = """
from mmengine.registry import MODELS
from mmacnn.models.anomaly import DifferNet
from mmacnn.models.classifiers import ACNN, CAMClassifier


@MODELS.register_module(force=True)
class Derived({base}):
    def forward(self, inputs, data_samples=None, mode='tensor'):
        return super().forward(inputs, data_samples, mode)
"""


def derive(name, base, tmp_path, monkeypatch):
    """Config of a method whose model's class is derived from ours."""
    module = f'derived_from_{base.lower()}'
    (tmp_path / f'{module}.py').write_text(DERIVED.format(base=base))
    monkeypatch.syspath_prepend(str(tmp_path))
    config = Path(prepare(METHODS[name], tmp_path, train=2, test=4))
    cfg = load_config(str(config))
    cfg.model.type = 'mmengine.Derived'
    cfg.custom_imports = dict(imports=['mmacnn', module])
    cfg.dump(config)
    return config


@pytest.mark.parametrize(
    ('name', 'base'),
    [('acnn', 'ACNN'), ('cam', 'CAMClassifier'), ('attentdiffernet', 'DifferNet')],
)
def test_derived_class_exports_like_its_parent(name, base, tmp_path, monkeypatch):
    config = derive(name, base, tmp_path, monkeypatch)
    weights = random_weights(config, tmp_path / 'weights.pth')
    image = images_of(METHODS[name], tmp_path)[0]
    deploy_cfg = ROOT / 'configs/deploy' / METHODS[name].deploy
    folder = export(deploy_cfg, config, weights, image, tmp_path / 'out')
    outputs = read_description(folder)['mmacnn']['outputs']
    assert [each['role'] for each in outputs] == ROLES[name]


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
    assert_same(run_on_board(folder, image, tmp_path / 'board.jsonl'), theirs)


@pytest.mark.parametrize(('layout', 'said'), [(None, 'unknown'), (1, '1'), (3, '3')])
def test_folder_of_another_layout(layout, said, tmp_path):
    facts = dict(format=layout) if layout else {}
    (tmp_path / 'detail.json').write_text(json.dumps(dict(mmacnn=facts)))
    with pytest.raises(
        ValueError, match=rf'another version .*layout {said}, expected 2\): export it'
    ):
        read_description(tmp_path)
