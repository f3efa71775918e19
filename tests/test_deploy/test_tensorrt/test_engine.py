# Copyright (c) mmacnn authors. All rights reserved.
import shutil

import pytest
from mmengine.config import Config

from ..conftest import MODEL, ROOT, WEIGHTS

onnx = pytest.importorskip('onnx')
pytest.importorskip('mmdeploy')

from mmacnn.deploy.tensorrt.engine import (  # noqa: E402
    build_engine,
    can_build,
    input_shapes,
    write_script,
)

DEPLOY = ROOT / 'configs/deploy/acnn'


@pytest.fixture
def dynamic(tmp_path):
    """An ONNX file with a dynamic batch."""
    model = onnx.parser.parse_model(
        '<ir_version: 7, opset_import: ["": 13]> '
        'f (float[batch,3,480,640] input) => (float[batch,3,480,640] output) '
        '{ output = Relu(input) }'
    )
    onnx.save(model, tmp_path / 'end2end.onnx')
    return tmp_path / 'end2end.onnx'


def test_dynamic_input_without_shapes(dynamic):
    cfg = Config.fromfile(DEPLOY / 'classification_tensorrt_static-480x640.py')
    with pytest.raises(ValueError, match="'input' is dynamic, expected its shapes in"):
        input_shapes(dynamic, cfg)


def test_script_for_a_newer_version(dynamic):
    name = 'classification_tensorrt-fp16_dynamic-batch-480x640.py'
    cfg = Config.fromfile(DEPLOY / name)
    cfg.backend_config.version = '8.5'
    write_script(dynamic, cfg)
    script = (dynamic.parent / 'build_engine.sh').read_text()
    assert '--memPoolSize=workspace:256' in script and '--workspace' not in script
    assert '--fp16' in script and '--int8' not in script
    assert '--maxShapes=input:8x3x480x640' in script


@pytest.mark.skipif(not can_build(), reason='TensorRT or a GPU is missing')
@pytest.mark.parametrize('precision', ['', '-fp16', '-int8'])
def test_engine_gives_the_checkpoints_answers(
    precision, exported, photographs, tmp_path
):
    from mmacnn.deploy.deploy_config import build_model, plain_model_config
    from mmacnn.deploy.model_folder import deployed_model
    from mmacnn.deploy.onnx.exporting import mmdeploy_session
    from mmacnn.deploy.verification import compare
    from mmacnn.engine.checkpoint import load_checkpoint, load_weights
    from mmacnn.engine.config import load_config

    name = f'detection_tensorrt{precision}_static-480x640'
    folder = tmp_path / 'model'
    shutil.copytree(exported(name), folder)
    target = Config.fromfile(DEPLOY / f'{name}.py')
    build_engine(folder / 'end2end.onnx', target)
    cfg = plain_model_config(load_config(str(MODEL)))
    with mmdeploy_session(cfg):
        model = build_model(cfg)
        load_weights(model, load_checkpoint(str(WEIGHTS)), str(WEIGHTS))
        found = compare(model, deployed_model(folder, cfg.model), cfg, photographs)
    assert found.beyond(target.tolerance) == []
