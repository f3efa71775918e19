# Copyright (c) mmacnn authors. All rights reserved.
import json

import cv2
import numpy as np
import pytest
import torch
from mmpretrain import get_model

onnx = pytest.importorskip('onnx', reason='the models are ONNX files')
pytest.importorskip('onnxruntime', reason='it runs them')
from mmacnn.benchmark.timed_models import open_model  # noqa: E402
from mmacnn.engine.config import load_config  # noqa: E402

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
MEAN = """net ({dtype}[{batch},{channels},{size}] input) => (float[b,c] output) {{
    f = Cast<to = 1>(input)
    output = ReduceMean<axes = [2, 3], keepdims = 0>(f)
}}"""


def save_onnx(path, dtype='float', batch='n', channels=3, size='6,8'):
    text = MEAN.format(dtype=dtype, batch=batch, channels=channels, size=size)
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]>\n{text}')
    onnx.save(model, path)
    return str(path)


def open_quickly(source):
    return open_model(str(source), num_threads=1, input_size=(10, 12))


class Tap:
    """A session that keeps what went in."""

    def __init__(self, model):
        self.session, model.session = model.session, self

    def run(self, names, feed):
        (self.blob,) = feed.values()
        return self.session.run(names, feed)


def test_a_checkpoint_in_its_three_stages(tiny_config, tmp_path):
    model = get_model(load_config(str(tiny_config)), pretrained=False)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'weights.pth')

    timed = open_quickly(f'{tiny_config},{tmp_path / "weights.pth"}')

    seen = []
    timed.model.register_forward_pre_hook(
        lambda _, inputs, named: seen.append(named['inputs'].shape), with_kwargs=True
    )
    assert timed.fixed_batch is None
    assert timed.size_bytes == (tmp_path / 'weights.pth').stat().st_size
    assert min(timed([IMAGE] * 2)) > 0
    assert seen == [(2, 3, 20, 30)]


@pytest.mark.parametrize(
    ('dtype', 'scale'), [('float', 255), ('float16', 255), ('uint8', 1)]
)
def test_an_onnx_file_gets_rgb_of_its_own_type(tmp_path, dtype, scale):
    model = open_quickly(save_onnx(tmp_path / 'rival.onnx', dtype))
    tap = Tap(model)

    times = model([IMAGE, IMAGE])

    assert times.preprocess > 0 and times.network > 0 and times.postprocess is None
    expected = cv2.resize(IMAGE, (8, 6))[..., ::-1].transpose(2, 0, 1) / scale
    tolerance = dict(float=1e-6, float16=1e-3, uint8=0)[dtype]
    assert tap.blob.shape == (2, 3, 6, 8)
    np.testing.assert_allclose(tap.blob[1], expected, rtol=0, atol=tolerance)


def test_sizes_that_an_onnx_file_fixes(tmp_path):
    open_ = open_quickly(save_onnx(tmp_path / 'open.onnx', size='h,w'))
    fixed = open_quickly(save_onnx(tmp_path / 'fixed.onnx', batch=4))
    assert (open_.fixed_batch, open_.input_size) == (None, (10, 12))
    assert (fixed.fixed_batch, fixed.input_size) == (4, (6, 8))


SPECS = dict(
    classification=dict(
        layout='NCHW',
        dtype='float32',
        channels='RGB',
        mean=[100.0, 110.0, 120.0],
        std=[50.0, 60.0, 70.0],
    ),
    full=dict(layout='NHWC', dtype='uint8', channels='BGR', mean=None, std=None),
)
SPECS['detection'] = SPECS['classification'] | dict(channels='BGR', mean=None, std=None)
NETWORKS = dict(
    classification='float[n,3,6,8] input) => (float[n,2] output',
    full='uint8[n,6,8,3] input) => (float[n,2] scores, float[n,4] roi',
    detection='float[n,3,6,8] input) => (float[n,1,5] dets, int64[n,1] labels',
)
VALUES = dict(
    output='output = Constant<value = float[1,2] {0.1, 0.9}>()',
    scores='scores = Constant<value = float[1,2] {0.8, 0.2}>()',
    roi='roi = Constant<value = float[1,4] {1, 2, 3, 4}>()',
    dets='dets = Constant<value = float[1,1,5] {1, 2, 3, 4, 0.5}>()',
    labels='labels = Constant<value = int64[1,1] {1}>()',
)

ROLES = dict(output='scores', dets='boxes')


def make_folder(path, kind, detail=None):
    lines = '\n'.join(v for name, v in VALUES.items() if f' {name}' in NETWORKS[kind])
    text = f'net ({NETWORKS[kind]}) {{ {lines} }}'
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 13]>\n{text}')
    onnx.save(model, path / 'end2end.onnx')
    spec = dict(name='input', shape=[None, 3, 6, 8], size=[6, 8], **SPECS[kind])
    spec |= dict(keep_ratio=False, pad_divisor=None, pad_value=0)
    outputs = [
        dict(name=output.name, role=ROLES.get(output.name, output.name), shape=[None])
        for output in model.graph.output
    ]
    facts = dict(format=2, model='end2end.onnx', input=spec, outputs=outputs)
    (path / 'detail.json').write_text(detail or json.dumps(dict(mmacnn=facts)))


BOX = pytest.approx((3.75, 20 / 3, 11.25, 40 / 3))


@pytest.mark.parametrize('kind', NETWORKS)
def test_an_exported_folder(tmp_path, kind):
    make_folder(tmp_path, kind)
    model = open_quickly(tmp_path)
    tap = Tap(model)

    assert min(model([IMAGE])) > 0

    (result,) = model.results
    if kind == 'detection':
        assert list(result['boxes'][0, :4]) == BOX and result['boxes'][0, 4] == 0.5
        assert result['labels'] == [1]
    else:
        label, score = (1, 0.9) if kind == 'classification' else (0, 0.8)
        assert (result['label'], result['score']) == (label, pytest.approx(score))
        assert 'roi' not in result or list(result['roi']) == BOX
    expected = cv2.resize(IMAGE, (8, 6))
    if kind == 'classification':
        expected = (expected[..., ::-1] - [100, 110, 120]) / np.array([50, 60, 70])
    if kind != 'full':
        expected = expected.transpose(2, 0, 1)
    assert tap.blob.dtype == SPECS[kind]['dtype']
    np.testing.assert_allclose(tap.blob[0], expected, rtol=0, atol=1e-6)


def test_mistakes(tmp_path, tiny_config):
    (tmp_path / 'weights.pth').write_text('')
    (tmp_path / 'text.onnx').write_text('not a model')
    folder = tmp_path / 'folder'
    folder.mkdir()
    gray = save_onnx(tmp_path / 'gray.onnx', channels=1)
    wide = save_onnx(tmp_path / 'wide.onnx', dtype='int64')
    for source, error, message in (
        (
            tmp_path / 'text.onnx',
            ValueError,
            'text.onnx: ONNX Runtime cannot load it: ',
        ),
        (tmp_path / 'no.onnx', FileNotFoundError, 'no.onnx: no such ONNX file'),
        (
            tmp_path / 'weights.pth',
            ValueError,
            'weights.pth: expected CONFIG,CHECKPOINT',
        ),
        (folder, FileNotFoundError, 'folder: expected a model folder of'),
        (
            gray,
            ValueError,
            r'gray.onnx: expected one input \(N, 3, H, W\), found input',
        ),
        (
            wide,
            ValueError,
            r'wide.onnx: expected an input of .*, found tensor\(int64\)',
        ),
        (f'{tiny_config},no.pth', FileNotFoundError, 'no.pth: no such checkpoint'),
    ):
        with pytest.raises(error, match=message):
            open_quickly(source)
    make_folder(folder, 'full', detail='{}')
    with pytest.raises(ValueError, match='detail.json: expected the record of'):
        open_quickly(folder)
