# Copyright (c) mmacnn authors. All rights reserved.
"""Exported CAM classifiers give PyTorch's scores and maps."""

import json
from functools import cache

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector
from mmacnn.registry import MODELS
from mmacnn.synthetic import TASKS, write_dataset

from .conftest import ROOT

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('mmdeploy')

CONFIG = str(ROOT / 'configs/cam/cam_strided-s16_20e_synthetic-defect-folders.py')


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A checkpoint with statistics of real images, and the images of 96x160."""
    folder = tmp_path_factory.mktemp('trained')
    write_dataset(TASKS['defect-folders'], folder / 'data', dict(test=4), (96, 160), 0)
    files = sorted((folder / 'data').glob('test/images/*/*.jpg'))
    cfg = Config.fromfile(CONFIG)
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    images = np.stack([cv2.imread(str(file)) for file in files])
    model.train()
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2)
    for _ in range(20):
        model(**model.data_preprocessor(dict(inputs=inputs)))
    torch.save(dict(state_dict=model.state_dict()), folder / 'weights.pth')
    return str(folder / 'weights.pth'), files


@pytest.fixture(scope='module')
def exported(trained, tmp_path_factory):
    from mmacnn.deploy import deploy

    weights, files = trained

    @cache
    def export(name):
        folder = tmp_path_factory.mktemp('exported') / name
        lines = deploy(
            str(ROOT / f'configs/deploy/cam/{name}.py'),
            CONFIG,
            weights,
            str(files[0]),
            str(folder),
            verify=2,
            verify_images=str(files[0].parent),
            calibration_images=str(files[0].parent),
        )
        return folder, lines

    return export


def run(folder, file):
    takes = json.loads((folder / 'detail.json').read_text())['mmacnn']['input']
    image = cv2.imread(str(file))[..., ::-1]
    image = ((image - np.array(takes['mean'])) / np.array(takes['std'])).transpose(
        2, 0, 1
    )
    session = onnxruntime.InferenceSession(folder / 'end2end.onnx')
    names = [output.name for output in session.get_outputs()]
    values = session.run(None, {'input': image[None].astype(np.float32)})
    return dict(zip(names, values, strict=True))


@pytest.fixture(scope='module')
def reference(trained):
    weights, files = trained
    inferencer = Inspector(CONFIG, weights, device='cpu').inferencer
    images = [cv2.imread(str(file)) for file in files]
    return inferencer.forward(inferencer.preprocess(images, files))


def test_score_and_map_in_one_pass(exported, trained, reference):
    folder, lines = exported('cam_onnxruntime_dynamic')
    for file, sample in zip(trained[1], reference, strict=True):
        outputs = run(folder, file)
        np.testing.assert_allclose(outputs['score'][0], sample.pred_score, atol=1e-5)
        np.testing.assert_allclose(
            outputs['cam'][0], sample.pred_cam, atol=1e-4, rtol=1e-4
        )
        logit = np.log(outputs['score'][0, 1] / outputs['score'][0, 0])
        assert outputs['cam'][0].mean() == pytest.approx(logit, abs=1e-3)
    assert 'maps by' in lines[-1]


def test_description_tells_where_the_cells_lie(exported):
    folder, _ = exported('cam_onnxruntime_dynamic')
    ours = json.loads((folder / 'detail.json').read_text())['mmacnn']
    (cam,) = (output for output in ours['outputs'] if output['role'] == 'map')
    facts = dict(stride=16, offset=0.5, threshold=0.0, unit='logit')
    assert cam.items() >= facts.items()
    shapes = {output['name']: output['shape'] for output in ours['outputs']}
    assert shapes == dict(score=[None, 2], cam=[None, 1, None, None])


def test_int8(exported, trained, reference):
    folder, _ = exported('cam_onnxruntime-int8_dynamic')
    maps = np.stack([run(folder, file)['cam'][0] for file in trained[1]])
    expected = np.stack([sample.pred_cam.numpy() for sample in reference])
    assert np.corrcoef(maps.ravel(), expected.ravel())[0, 1] > 0.95
    model = onnx.load(folder / 'end2end.onnx')
    assert 'QuantizeLinear' in {node.op_type for node in model.graph.node}


def test_sdk_runs_the_classification(exported, trained, reference):
    runtime = pytest.importorskip('mmdeploy_runtime')
    folder, _ = exported('classification_onnxruntime_dynamic')
    model = runtime.Classifier(str(folder), 'cpu', 0)
    for file, sample in zip(trained[1], reference, strict=True):
        label, score = model(cv2.imread(str(file)))[0]
        assert label == sample.pred_label
        assert score == pytest.approx(float(sample.pred_score.max()), abs=1e-3)


def test_tensorrt_has_the_operators(trained, tmp_path):
    from mmacnn.deploy import deploy

    base = ROOT / 'configs/deploy/cam/cam_tensorrt-fp16_static-480x752.py'
    config = tmp_path / 'mine.py'
    config.write_text(f"_base_ = ['{base}']\nir_config = dict(input_shape=(160, 96))\n")
    weights, files = trained
    lines = deploy(str(config), CONFIG, weights, str(files[0]), str(tmp_path / 'out'))
    assert any('has every operator' in line for line in lines)


def test_outputs_of_another_model(trained, tmp_path):
    from mmacnn.deploy import deploy

    config = ROOT / 'configs/deploy/acnn/full_onnxruntime_dynamic.py'
    weights, files = trained
    with pytest.raises(ValueError, match=r"expected names out of \['cam', 'output'"):
        deploy(str(config), CONFIG, weights, str(files[0]), str(tmp_path / 'out'))


@pytest.mark.parametrize('backend', ['onnxruntime_dynamic', 'tensorrt_static-480x752'])
def test_joined_strides(trained, tmp_path, backend):
    """A finer map in the same graph, and right for images of any size."""
    from mmacnn.deploy import deploy

    _, files = trained
    config, weights = tmp_path / 'joined.py', tmp_path / 'joined.pth'
    base = ROOT / 'configs/cam/cam-joined_efficientnet-lite0-s4_20e_class-folders.py'
    config.write_text(
        f'_base_ = [{str(base)!r}]\nimg_scale = (160, 96)\nload_from = None\n'
    )
    torch.manual_seed(0)
    model = MODELS.build(load_config(str(config)).model)
    model.eval()
    torch.save(dict(state_dict=model.state_dict()), weights)
    mine = tmp_path / 'mine.py'
    base = ROOT / f'configs/deploy/cam/cam_{backend}.py'
    size = 'ir_config = dict(input_shape=(160, 96))\n' * ('static' in backend)
    mine.write_text(f'_base_ = [{str(base)!r}]\n{size}')
    out = tmp_path / 'out'
    verify = 0 if 'tensorrt' in backend else 2
    lines = deploy(
        str(mine),
        str(config),
        str(weights),
        str(files[0]),
        str(out),
        verify=verify,
        verify_images=str(files[0].parent),
    )
    if 'tensorrt' in backend:
        assert any('has every operator' in line for line in lines)
        return
    assert any('maps by' in line for line in lines)
    for size in ((64, 128), (97, 161)):
        image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        cv2.imwrite(str(tmp_path / 'a.png'), image)
        outputs = run(out, tmp_path / 'a.png')
        inputs = torch.from_numpy(image).permute(2, 0, 1)[None]
        with torch.no_grad():
            (sample,) = model.test_step(dict(inputs=inputs))
        np.testing.assert_allclose(outputs['cam'][0], sample.pred_cam, atol=1e-4)
        np.testing.assert_allclose(outputs['score'][0], sample.pred_score, atol=1e-4)
