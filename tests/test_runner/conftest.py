# Copyright (c) mmacnn authors. All rights reserved.
"""Model folders as tools/deploy.py writes them, round networks of a few operators.

Each finds the brightest colour channel, so that the right answer is known for a frame
of one colour, and tells whether the channels came in the right order.
"""

import json
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).parents[2] / 'runner'
SIZE = (6, 8)
SCORES = """h = ReduceMean<axes = [2, 3], keepdims = 0>({image})
    {scores} = Softmax<axis = 1>(h)"""
OF_INPUT = SCORES.format(image='input', scores='output')
RAW = """f = Cast<to = 1>(input)
    image = Transpose<perm = [0, 3, 1, 2]>(f)
    """ + SCORES.format(image='image', scores='scores')
FIRST_SCORE = """h = ReduceMean<axes = [2, 3], keepdims = 0>(input)
    s = Softmax<axis = 1>(h)
    zero = Constant<value_ints = [0]>()
    two = Constant<value_ints = [2]>()
    three = Constant<value_ints = [3]>()
    one = Constant<value_ints = [1]>()
    first = Slice(s, zero, one, one)
    last = Slice(s, two, three, one)"""
BOX = """top = ReduceMax<axes = [1], keepdims = 1>({scores})
    score = Reshape(top, place)
    dets = Concat<axis = 2>(box, score)
    long = ArgMax<axis = 1, keepdims = 1>({scores})"""

# Outputs (name -> role and its facts), classes, input, graph.
NAMES = ['first', 'second', 'third']
RAW_INPUT = dict(layout='NHWC', channels='BGR', mean=None, std=None, dtype='uint8')
NORMALIZED = dict(
    layout='NCHW',
    channels='RGB',
    mean=[100.0, 110.0, 120.0],
    std=[50.0, 60.0, 70.0],
    dtype='float32',
)
ANOMALY = f"""{FIRST_SCORE}
    logit = Sub(last, first)
    anomaly_score = Mul(logit, ten)
    positive = Sigmoid(logit)
    negative = Sub(unit, positive)
    score = Concat<axis = 1>(negative, positive)
    label = Greater(anomaly_score, level)
    number = Cast<to = 7>(label)"""
CONSTANTS = 'float[1,1] ten = {10}, float[1,1] unit = {1}, float[1,1] level = {5}'
KINDS = {
    # A-CNN with all outputs, raw input.
    'all': (
        dict(scores=dict(role='scores'), roi=dict(role='roi')),
        RAW_INPUT,
        f"""net (uint8[1,6,8,3] input) => (float[1,3] scores, float[1,4] roi)
    <float[1,4] roi = {{-1, 2, 3, 4}}> {{
    {RAW}
}}""",
    ),
    'classifier': (
        dict(output=dict(role='scores')),
        NORMALIZED,
        f"""net (float[1,3,6,8] input) => (float[1,3] output) {{
    {OF_INPUT}
}}""",
    ),
    # A-CNN whose one box is the ROI.
    'box': (
        dict(dets=dict(role='boxes', num_classes=3), labels=dict(role='labels')),
        NORMALIZED,
        f"""net (float[n,3,6,8] input) => (float[n,1,5] dets, int32[n,1] labels)
    <float[1,1,4] box = {{1, 2, 5, 4}}, int64[3] place = {{1, 1, 1}}> {{
    {SCORES.format(image='input', scores='s')}
    {BOX.format(scores='s')}
    labels = Cast<to = 6>(long)
}}""",
    ),
    # CAM: the last channel of the network's input is the map of the second class.
    'cam': (
        dict(
            output=dict(role='scores'),
            cam=dict(role='map', stride=2, offset=0.5, threshold=0.0, unit='logit'),
        ),
        NORMALIZED,
        f"""net (float[1,3,6,8] input) => (float[1,2] output, float[1,1,3,4] cam) {{
    {FIRST_SCORE}
    output = Concat<axis = 1>(first, last)
    axis = Constant<value_ints = [1]>()
    blue = Slice(input, two, three, axis)
    cam = MaxPool<kernel_shape = [1, 1], strides = [2, 2]>(blue)
}}""",
    ),
    'anomaly': (
        dict(
            anomaly_score=dict(role='anomaly_score'),
            score=dict(role='scores'),
            label=dict(role='label'),
        ),
        NORMALIZED,
        f"""net (float[n,3,6,8] input)
    => (float[n,1] anomaly_score, float[n,2] score, int64[n,1] label)
    <{CONSTANTS}> {{
    {ANOMALY.replace('label', 'is_above').replace('number', 'label')}
}}""",
    ),
    'anomaly map': (
        dict(
            anomaly_score=dict(role='anomaly_score'),
            score=dict(role='scores'),
            label=dict(role='label'),
            map=dict(
                role='map', stride=None, offset=None, threshold=1.0, unit='log-ratio'
            ),
        ),
        NORMALIZED,
        f"""net (float[n,3,6,8] input)
    => (float[n,1] anomaly_score, float[n,2] score, int64[n,1] label, float[n,6,8] map)
    <{CONSTANTS}> {{
    {ANOMALY.replace('label', 'is_above').replace('number', 'label')}
    axis = Constant<value_ints = [1]>()
    blue = Slice(input, two, three, axis)
    map = ReduceMax<axes = [1], keepdims = 0>(blue)
}}""",
    ),
    # ROI mask: the class is the brightest channel on the region.
    'regions': (
        dict(output=dict(role='scores')),
        dict(NORMALIZED, channels='RGB+mask'),
        """net (float[n,4,6,8] input) => (float[n,3] output) {
    zero = Constant<value_ints = [0]>()
    three = Constant<value_ints = [3]>()
    four = Constant<value_ints = [4]>()
    axis = Constant<value_ints = [1]>()
    colours = Slice(input, zero, three, axis)
    mask = Slice(input, three, four, axis)
    inside = Mul(colours, mask)
    total = ReduceSum<keepdims = 0>(inside, sides)
    area = ReduceSum<keepdims = 0>(mask, sides)
    h = Div(total, area)
    output = Softmax<axis = 1>(h)
}""".replace('{\n    zero', '\n    <int64[2] sides = {2, 3}> {\n    zero', 1),
    ),
    # A detector that keeps the ratio: one box on the frame, one on nothing.
    'detector': (
        dict(
            dets=dict(role='boxes'),
            labels=dict(role='labels'),
            masks=dict(role='masks'),
        ),
        dict(NORMALIZED, size=[8, 8], keep_ratio=True, pad_divisor=4, pad_value=0),
        f"""net (float[n,3,h,w] input)
    => (float[n,2,5] dets, int64[n,2] labels, float[n,2,2,2] masks)
    <float[1,1,4] box = {{1, 0.5, 5, 3}}, int64[3] place = {{1, 1, 1}},
     float[1,1,5] low = {{0, 0, 1, 1, 0.1}}, int64[1,1] none = {{1}},
     float[1,2,2,2] masks = {{0, 0, 0, 0, 1, 0, 1, 1}}> {{
    {SCORES.format(image='input', scores='s')}
    {BOX.format(scores='s').replace('dets', 'det')}
    dets = Concat<axis = 1>(low, det)
    labels = Concat<axis = 1>(none, long)
}}""",
    ),
}


@pytest.fixture(autouse=True)
def runner_on_the_path(monkeypatch):
    """As Python does for ``runner/run.py``."""
    monkeypatch.syspath_prepend(str(RUNNER))
    yield
    for name in [name for name in sys.modules if name.partition('.')[0] == 'runner']:
        del sys.modules[name]


@pytest.fixture
def make_folder(tmp_path):
    """Kind -> path of a model folder."""
    onnx = pytest.importorskip('onnx', reason='the networks are ONNX files')
    pytest.importorskip('onnxruntime', reason='it runs the networks here')

    def make(kind):
        outputs, taken, text = KINDS[kind]
        folder = tmp_path / kind
        folder.mkdir()
        model = onnx.parser.parse_model(
            f'<ir_version: 8, opset_import: ["": 13]>\n{text}'
        )
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, folder / 'end2end.onnx')
        (given,) = model.graph.input
        shape = [side.dim_value or None for side in given.type.tensor_type.shape.dim]
        pads = dict(keep_ratio=False, pad_divisor=None, pad_value=0)
        names = NAMES[: 2 if kind in ('cam', 'anomaly', 'anomaly map') else 3]
        detail = dict(
            mmacnn=dict(
                format=2,
                version='0.1.0',
                model='end2end.onnx',
                backend='onnxruntime',
                precision='fp32',
                input=dict(dict(name='input', shape=shape, size=SIZE), **pads) | taken,
                outputs=[dict(name=name, **facts) for name, facts in outputs.items()],
                classes=names,
            )
        )
        (folder / 'detail.json').write_text(json.dumps(detail))
        return str(folder)

    return make


@pytest.fixture
def make_inspection(make_folder):
    """Kind -> ``Inspection`` with ONNX Runtime; boxes are prompt regions."""

    def make(kind, boxes=(), **settings):
        from runner.backends import BACKENDS
        from runner.inspection import Inspection
        from runner.model_folder import ModelFolder
        from runner.regions import Regions

        model = ModelFolder(make_folder(kind))
        backend = BACKENDS['onnxruntime'](model)
        return Inspection(model, backend, Regions(boxes=boxes), **settings)

    return make
