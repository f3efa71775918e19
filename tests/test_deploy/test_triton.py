# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import sys
from pathlib import Path

import onnxruntime
import pytest

from mmacnn.deploy.triton import config_text, write_triton_repository

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools/model_converters/model_to_triton.py'


def parse(text):
    """Read a configuration as the server does; an unknown field is an error."""
    model_config_pb2 = pytest.importorskip('tritonclient.grpc.model_config_pb2')
    from google.protobuf import text_format

    return text_format.Parse(text, model_config_pb2.ModelConfig())


def value(name, *shape, dtype='float32', role=None):
    return dict(name=name, shape=list(shape), dtype=dtype, role=role or name)


def test_repository(exported, tmp_path):
    files = write_triton_repository(
        str(exported('classification_onnxruntime_dynamic')), str(tmp_path), 'codes'
    )

    assert files == ['codes/1/model.onnx', 'codes/config.pbtxt', 'codes/labels.txt']
    assert (tmp_path / 'codes/labels.txt').read_text().split() == [
        *('1069', '1071', '3707', '3709')
    ]
    config = parse((tmp_path / 'codes/config.pbtxt').read_text())
    assert (config.name, config.platform) == ('codes', 'onnxruntime_onnx')
    session = onnxruntime.InferenceSession(str(tmp_path / 'codes/1/model.onnx'))
    for declared, actual in (
        (config.input, session.get_inputs()),
        (config.output, session.get_outputs()),
    ):
        for tensor, node in zip(declared, actual, strict=True):
            assert tensor.name == node.name
            shape = [side if isinstance(side, int) else -1 for side in node.shape]
            assert list(tensor.dims) == shape[1:] if config.max_batch_size else shape
    assert config.output[0].label_filename == 'labels.txt'


def test_batches_that_the_model_leaves_open():
    described = dict(
        input=value('input', None, 3, 480, 640),
        outputs=[
            value('score', None, 2, role='scores'),
            value('cam', None, 1, None, None),
        ],
        classes=['good', 'defect'],
    )
    config = parse(config_text(described, 'a', 'onnxruntime_onnx', 8))
    assert config.max_batch_size == 8
    assert config.HasField('dynamic_batching')
    assert list(config.input[0].dims) == [3, 480, 640]
    assert list(config.output[1].dims) == [1, -1, -1]
    assert [output.label_filename for output in config.output] == ['labels.txt', '']


def test_a_fixed_batch_is_a_dimension():
    described = dict(
        input=value('input', 1, 480, 640, 3, dtype='uint8'),
        outputs=[value('labels', 1, 1, dtype='int64')],
        classes=None,
    )
    config = parse(config_text(described, 'a "b"', 'tensorrt_plan', 8))
    assert config.name == 'a "b"'
    assert config.max_batch_size == 0
    assert not config.HasField('dynamic_batching')
    assert list(config.input[0].dims) == [1, 480, 640, 3]
    assert config.input[0].data_type == 2  # TYPE_UINT8
    assert config.output[0].data_type == 9  # TYPE_INT64


def test_nothing_is_overwritten(exported, tmp_path):
    folder = str(exported('classification_onnxruntime_dynamic'))
    (tmp_path / 'codes').mkdir()
    (tmp_path / 'codes/config.pbtxt').write_text('mine')
    with pytest.raises(FileExistsError, match='codes'):
        write_triton_repository(folder, str(tmp_path), 'codes')
    assert (tmp_path / 'codes/config.pbtxt').read_text() == 'mine'


@pytest.mark.parametrize('name', ['', 'a/b', '.hidden', '..'])
def test_names(tmp_path, name):
    with pytest.raises(ValueError, match='expected a name for a folder'):
        write_triton_repository(str(tmp_path), str(tmp_path), name)


def test_tool(exported, tmp_path, monkeypatch, capsys):
    folder = exported('classification_onnxruntime_dynamic')
    arguments = [str(TOOL), str(folder), str(tmp_path / 'new'), '--name', 'codes']
    monkeypatch.setattr(sys, 'argv', arguments)
    runpy.run_path(str(TOOL), run_name='__main__')
    assert f'{tmp_path}/new/codes/1/model.onnx' in capsys.readouterr().out

    monkeypatch.setattr(sys, 'argv', [str(TOOL), str(tmp_path), 'out', '--name', 'a'])
    with pytest.raises(SystemExit):
        runpy.run_path(str(TOOL), run_name='__main__')
    assert 'expected a model folder of tools/deploy.py' in capsys.readouterr().err
