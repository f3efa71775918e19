# Copyright (c) mmacnn authors. All rights reserved.
"""Model folders as tools/deploy.py writes them, round networks of a few operators.

Each finds the brightest colour channel, so that the right answer is known for a frame
of one colour, and tells whether the channels came in the right order.
"""

import json
import sys
from pathlib import Path

import pytest

JETSON = Path(__file__).parents[2] / 'runner'
SIZE = (6, 8)
SCORES = """h = ReduceMean<axes = [2, 3], keepdims = 0>({image})
    {scores} = Softmax<axis = 1>(h)"""
NETWORKS = dict(
    classification=f"""net (float[1,3,6,8] input) => (float[1,3] output) {{
    {SCORES.format(image='input', scores='output')}
}}""",
    detection=f"""net (float[n,3,6,8] input) => (float[n,1,5] dets, int32[n,1] labels)
    <float[1,1,4] box = {{1, 2, 5, 4}}, int64[3] place = {{1, 1, 1}}> {{
    {SCORES.format(image='input', scores='s')}
    top = ReduceMax<axes = [1], keepdims = 1>(s)
    score = Reshape(top, place)
    dets = Concat<axis = 2>(box, score)
    long = ArgMax<axis = 1, keepdims = 1>(s)
    labels = Cast<to = 6>(long)
}}""",
    full=f"""net (uint8[1,6,8,3] input) => (float[1,3] scores, float[1,4] roi)
    <float[1,4] roi = {{-1, 2, 3, 4}}> {{
    f = Cast<to = 1>(input)
    image = Transpose<perm = [0, 3, 1, 2]>(f)
    {SCORES.format(image='image', scores='scores')}
}}""",
)
FRAMES = dict(layout='NHWC', channels='BGR', mean=None, std=None, dtype='uint8')
NORMALIZED = dict(
    layout='NCHW',
    channels='RGB',
    mean=[100.0, 110.0, 120.0],
    std=[50.0, 60.0, 70.0],
    dtype='float32',
)


@pytest.fixture(autouse=True)
def runner_on_the_path(monkeypatch):
    """As Python does for ``runner/run.py``."""
    monkeypatch.syspath_prepend(str(JETSON))
    yield
    for name in [name for name in sys.modules if name.partition('.')[0] == 'runner']:
        del sys.modules[name]


@pytest.fixture
def make_folder(tmp_path):
    """Contract -> path of a model folder."""
    onnx = pytest.importorskip('onnx', reason='the networks are ONNX files')
    pytest.importorskip('onnxruntime', reason='it runs the networks here')

    def make(contract):
        folder = tmp_path / contract
        folder.mkdir()
        model = onnx.parser.parse_model(
            f'<ir_version: 8, opset_import: ["": 13]>\n{NETWORKS[contract]}'
        )
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, folder / 'end2end.onnx')
        kind = FRAMES if contract == 'full' else NORMALIZED
        detail = dict(
            mmacnn=dict(
                version='0.1.0',
                contract=contract,
                model='end2end.onnx',
                precision='fp32',
                input=dict(name='input', shape=[1, 3, *SIZE], size=SIZE, **kind),
                outputs=[],
                classes=['first', 'second', 'third'],
                roi_size=[2, 4],
            )
        )
        (folder / 'detail.json').write_text(json.dumps(detail))
        return str(folder)

    return make
