# Copyright (c) mmacnn authors. All rights reserved.
"""The scripts of benchmarks/ on the smallest work that they take."""

import sys
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger
from torch import nn

from mmacnn.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script with arguments; what it printed."""
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    threads = torch.get_num_threads(), cv2.getNumThreads()
    logger = MMLogger.get_current_instance()
    level = logger.level

    def main(name, *args):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
        import_module(name).main()
        return capsys.readouterr().out

    yield main
    torch.set_num_threads(threads[0])
    cv2.setNumThreads(threads[1])
    logger.setLevel(level)


def table_of(printed):
    """Rows of the last Markdown table, without its header."""
    lines = [line for line in printed.splitlines() if line.startswith('|')]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines][2:]


def test_cost_of_the_image_size(run, tmp_path):
    plot = tmp_path / 'plot.png'
    args = ('--sizes', '64x96', '128x192', '--rounds', 1, '--plot', plot)
    ratios, times, memory = table_of(run('image_size', '--methods', 'CAM', *args))
    assert ratios[:3] == ['CAM', 'times slower', '1.0']
    assert all(float(cell) >= 0 for cell in times[2:] + memory[2:])
    assert plot.stat().st_size > 1000


@pytest.mark.parametrize(
    'name',
    [
        'A-CNN: YOLORoIDataset',
        'CANet: CheckedCocoDataset',
        'ROI mask: CocoRegionDataset',
        'AttentDifferNet: AnomalyFolderDataset',
        'CAM: ClassFolderDataset',
    ],
)
def test_cost_of_the_number_of_labels(run, tmp_path, name):
    plot = tmp_path / 'plot.png'
    args = ('--methods', name, '--labels', 10, 50, '--plot', plot)
    ratios, _, memory = table_of(run('data_set_size', *args))
    assert ratios[:3] == [name, 'times slower', '1.0']
    assert len(memory) == 4
    assert plot.stat().st_size > 1000


def test_a_failing_child_is_an_error(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    in_child = import_module('cost').in_child
    assert in_child(sorted, [2, 1])[0] == [1, 2]
    with pytest.raises(RuntimeError, match='ended with 1, expected a result'):
        in_child(int, 'no number')


class BoxInTheMiddle(nn.Module):
    """Output of a detector of ultralytics: 4 classes, one box, always the same."""

    def __init__(self, label):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 8, 8, bias=False)
        nn.init.zeros_(self.conv.weight)
        found = torch.zeros(8, 1)
        found[:4, 0] = torch.tensor([320.0, 240, 40, 20])
        found[4 + label] = 0.9
        self.register_buffer('found', found)

    def forward(self, images):
        return self.conv(images).flatten(2)[..., :1] + self.found


def export(module, path):
    pytest.importorskip('onnx')
    image = torch.zeros(1, 3, 480, 640)
    # Later versions of torch have another exporter by default, which needs a package.
    takes_it = 'dynamo' in signature(torch.onnx.export).parameters
    kwargs = dict(dynamo=False) if takes_it else {}
    torch.onnx.export(module, (image,), str(path), opset_version=13, **kwargs)


def test_multiply_adds_of_an_onnx_file(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    layers = nn.Sequential(
        nn.Conv2d(3, 8, 8, 8),
        nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )
    export(layers, tmp_path / 'model.onnx')
    count = import_module('onnx_complexity').count_complexity
    multiply_adds, parameters = count(str(tmp_path / 'model.onnx'), (480, 640))
    assert multiply_adds == 60 * 80 * 8 * (3 * 64 + 9) + 8 * 5
    assert parameters == sum(each.numel() for each in layers.parameters())


@pytest.mark.skipif(find_spec('onnxruntime') is None, reason='needs onnxruntime')
def test_detectors_side_by_side(run, tmp_path):
    count = dict(train=1, test=4)
    write_dataset(TASKS['product-code'], tmp_path / 'data', count, (480, 640), seed=0)
    labels = [
        int(file.read_text().split()[0])
        for file in (tmp_path / 'data/test/labels').iterdir()
    ]
    models = []
    for label in range(2):
        export(BoxInTheMiddle(label), tmp_path / f'{label}.onnx')
        models += ['--model', f'always {label}={tmp_path}/{label}.onnx']
    rows = table_of(
        run('against_detectors', tmp_path / 'data/test', *models, '--rounds', 2)
    )
    for label, row in enumerate(rows):
        assert row[0] == f'always {label}'
        assert float(row[1]) == 100 * np.mean([each == label for each in labels])
    assert rows[0][6] == rows[0][8] == '1.0'


def test_robustness(run, tmp_path):
    count = dict(train=1, test=1)
    write_dataset(TASKS['product-code'], tmp_path / 'data', count, (480, 640), seed=7)
    config = tmp_path / 'config.py'
    base = 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py'
    config.write_text(
        f"_base_ = ['{ROOT / base}']\n"
        f"test_dataloader = dict(dataset=dict(data_root='{tmp_path}/data'))\n"
    )
    weights = ROOT / 'demo/acnn-opt_synthetic-product-code.pth'
    rows = {
        name: cells for name, *cells in table_of(run('robustness', config, weights))
    }
    assert rows['none'] == ['1 of 1'] * 2
    assert rows['moved to 15 places'][1] == '15 of 15'
    read = rows['turned by up to 180 degrees, in steps of 5'][0]
    assert int(read.split(' of 73')[0]) < 60  # These weights read upright codes.


def test_stages_inside_stages(run):
    spans = import_module('spans')
    timed = spans.Spans()

    def work(number):
        return sum(range(number))

    part = timed.wrap('part', work)
    whole = timed.wrap('full', lambda: [part(200_000) for _ in range(3)])
    for _ in range(3):
        timed.start()
        whole()
    (first, second, *_) = spans.rows_of(timed.runs)
    assert first[0] == 'full' and first[2] == '100 %'
    assert second[0].endswith('part')
    assert 0 < float(second[1]) <= float(first[1])


def test_where_inference_spends_its_time(run):
    printed = run('inference_breakdown', '--methods', 'A-CNN', '--rounds', 1)
    stages = [
        line.split('|')[1].replace('&emsp;', '')
        for line in printed.splitlines()
        if line.count('|') == 5
    ]
    assert {'frame to verdict', 'forward', 'pipeline', 'model'} <= set(
        map(str.strip, stages)
    )
    rows = {name: cells for name, *cells in table_of(printed)}
    assert float(rows['conv and norm fused'][2]) < 1e-3
    assert rows['default'][1] == '1.00'


@pytest.mark.soak
def test_how_fast_a_training_reads_and_learns(run):
    printed = run(
        'training_throughput', '--methods', 'CAM', '--rounds', 1, '--before', ROOT
    )
    ((name, batch, *numbers),) = table_of(printed)
    assert name == 'CAM' and int(batch) > 1
    assert all(float(number) > 0 for number in numbers)
    assert len(numbers) == 5


def test_what_a_start_takes(run):
    startup = import_module('startup')
    found = startup.start(['import sys; print(len(sys.modules))'], ROOT)
    assert found.cpu > 0 and 0 < found.modules < len(sys.modules)
    with pytest.raises(RuntimeError, match='NameError'):
        startup.start(['there_is_no_such_name'], ROOT)


@pytest.mark.soak
@pytest.mark.skipif(find_spec('onnxruntime') is None, reason='it runs the networks')
def test_a_map_beside_a_plain_classifier(run):
    name = 'cam-joined_efficientnet-lite0-s4_20e_class-folders.py'
    args = (ROOT / 'configs/cam' / name, '--size', '64x64', '--rounds', 1)
    ours, plain = table_of(run('cam_latency', *args))
    assert all(float(cell) > 0 for cell in ours[1:]) and plain[-1] == '1.00'


@pytest.mark.skipif(find_spec('pytorch_grad_cam') is None, reason='a rival')
def test_maps_beside_grad_cam(run, tmp_path, monkeypatch):
    counts = dict(train=4, test=6)
    write_dataset(TASKS['defect-folders'], tmp_path / 'data', counts, (96, 96), 0)
    config = tmp_path / 'config.py'
    config.write_text(
        f'_base_ = ["{ROOT}/configs/cam/cam-joined_efficientnet-lite0-s4_20e_'
        'class-folders.py"]\n'
        f'data_root = "{tmp_path}/data"\nimg_scale = (96, 96)\n'
        'test_dataloader = dict(dataset=dict(data_prefix=dict('
        'mask_path="test/masks")))\n'
    )
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    weights = import_module('methods').random_weights(config, tmp_path)
    rival = ('--rival', 'the same', config, weights)
    own, grad_cam, same = table_of(run('localization', config, weights, *rival))
    assert own[1:-1] == same[1:-1]
    assert own[1] == grad_cam[1] and own[2:6] != grad_cam[2:6]


def test_defects_of_a_plate(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))
    large_image = import_module('large_image')
    image, boxes = large_image.make_plate(0, (200, 300), 3)
    assert image.shape == (200, 300, 3)
    sides = boxes[:, 2:] - boxes[:, :2]
    assert len(boxes) == 3 and sides.min() >= 8 and sides.max() <= 12
    assert (boxes.min(0) >= 0).all() and (boxes.max(0) <= (300, 200, 300, 200)).all()
    assert large_image.matches(boxes, boxes[::-1]).tolist() == np.eye(3)[::-1].tolist()
    windows = np.array([(0, 0, 100, 100), (80, 0, 180, 100)])
    assert large_image.innermost(np.array([84, 40, 94, 50]), windows) == 0
    assert large_image.innermost(np.array([90, 40, 98, 50]), windows) == 1
