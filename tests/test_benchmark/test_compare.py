# Copyright (c) mmacnn authors. All rights reserved.
import json
import os
import runpy
import subprocess
import sys
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

onnx = pytest.importorskip('onnx', reason='the models are ONNX files')
pytest.importorskip('onnxruntime', reason='it runs them')
from mmacnn.benchmark import compare as module  # noqa: E402
from mmacnn.benchmark.compare import WARM_UP, benchmark  # noqa: E402
from mmacnn.benchmark.report import format_table, save_report  # noqa: E402
from mmacnn.benchmark.timed_models import StageTimes  # noqa: E402

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'analysis_tools' / 'benchmark.py'
IMAGE = np.zeros((6, 8, 3), dtype=np.uint8)


class Played:
    """A model whose times are known. In round r all take r times as long."""

    calls = []
    size_bytes = 2_500_000

    def __init__(self, name, network, fixed_batch=None, postprocess=0.001):
        self.name, self.network, self.postprocess = name, network, postprocess
        self.fixed_batch, self.round = fixed_batch, count(1)

    def __call__(self, images):
        self.calls.append((self.name, len(images), torch.get_num_threads()))
        slow = next(self.round)
        post = self.postprocess and slow * self.postprocess
        return StageTimes(slow * 0.002, slow * self.network, post)


@pytest.fixture
def played(monkeypatch):
    models = dict(
        ours=lambda: Played('ours', 0.003),
        rival=lambda: Played('rival', 0.030, postprocess=None),
        fixed=lambda: Played('fixed', 0.003, fixed_batch=1),
    )
    monkeypatch.setattr(
        module, 'open_model', lambda source, threads, size: models[source]()
    )
    Played.calls.clear()
    return dict(zip(models, models, strict=True))


def test_figures_by_hand(played):
    names = dict(ours='ours', rival='rival')
    ours, rival = benchmark(names, IMAGE, rounds=11)
    # Rounds 6 to 16 count: the middle one is the 11th.
    assert ours.stages['network']['median'] == pytest.approx(33)
    assert ours.stages['total']['median'] == pytest.approx(66)
    assert ours.stages['total']['p95'] == pytest.approx(6 * 15.5)
    assert ours.images_per_second == pytest.approx(1 / 0.066)
    assert ours.ratio == pytest.approx(dict(network=1, total=1, cpu=1))
    assert rival.stages['postprocess'] is None
    assert rival.ratio['network'] == pytest.approx(10)
    assert rival.ratio['total'] == pytest.approx(32 / 6)
    assert 0 < rival.stages['cpu']['median'] < 10  # it only plays


def test_models_take_turns_in_each_round(played):
    before = torch.get_num_threads()
    measurements = benchmark(
        dict(ours='ours', rival='rival'),
        IMAGE,
        batch_sizes=(1, 3),
        threads=(1, 2),
        rounds=2,
    )
    assert torch.get_num_threads() == before
    assert [(each.threads, each.batch_size, each.model) for each in measurements] == [
        (threads, batch_size, name)
        for threads in (1, 2)
        for batch_size in (1, 3)
        for name in ('ours', 'rival')
    ]
    turns = 2 * (WARM_UP + 2)
    assert Played.calls[:4] == [
        *[('ours', 1, 1), ('rival', 1, 1)],
        *[('rival', 1, 1), ('ours', 1, 1)],
    ]
    assert {call[1:] for call in Played.calls[turns : 2 * turns]} == {(3, 1)}
    assert {call[1:] for call in Played.calls[2 * turns : 3 * turns]} == {(1, 2)}
    assert len(Played.calls) == 4 * turns


def test_a_batch_size_that_a_model_does_not_take(played):
    with pytest.raises(ValueError, match='^fixed: takes batches of 1 alone, found a'):
        benchmark(played, IMAGE, batch_sizes=(1, 4), rounds=1)
    assert Played.calls == []


def test_report(played, tmp_path):
    measurements = benchmark(played, IMAGE, threads=(1, 2), rounds=3)

    table = format_table(measurements).splitlines()
    assert len(table) == 1 + 2 * 3
    assert table[2].split()[:3] == ['rival', '1', '1']
    assert table[2].split()[5] == '-'  # it has no postprocessing
    assert table[2].split()[-4:-2] == ['10.00', '5.33']
    assert table[2].split()[-1] == '2.50'
    assert len({len(line) for line in table}) == 1

    settings = dict(rounds=3)
    numbers, picture = save_report(measurements, settings, str(tmp_path / 'out'))
    report = json.loads(Path(numbers).read_text())
    assert report['settings'] == settings
    assert report['machine']['cores'] == os.cpu_count()
    rival = report['measurements'][1]
    assert (rival['model'], rival['stages']['postprocess']) == ('rival', None)
    assert rival['stages']['network']['median'] == pytest.approx(210)
    assert cv2.imread(picture).std() > 10
    with pytest.raises(FileExistsError):
        save_report(measurements, settings, str(tmp_path / 'out'))


def test_tool(tmp_path):
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["": 13]>
        net (float[n,3,6,8] x) => (float[n,3,6,8] y) { y = Relu(x) }""")
    onnx.save(model, tmp_path / 'rival.onnx')
    cv2.imwrite(str(tmp_path / 'image.png'), IMAGE)
    done = subprocess.run(
        [
            *(sys.executable, TOOL),
            *('--model', f'rival={tmp_path / "rival.onnx"}'),
            *('--image', tmp_path / 'image.png', '--rounds', '2'),
            *('--batch-size', '1', '2', '--out', tmp_path / 'out'),
        ],
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:3]] == [
        ['rival', '1', '1'],
        ['rival', '1', '2'],
    ]
    report = json.loads((tmp_path / 'out' / 'benchmark.json').read_text())
    assert report['settings']['model'] == [['rival', str(tmp_path / 'rival.onnx')]]
    assert (tmp_path / 'out' / 'benchmark.png').is_file()


def test_a_missing_package_is_named(monkeypatch, capsys):
    """As where ONNX Runtime is not installed: the tool says what to install."""
    monkeypatch.setattr(
        'mmacnn.deploy.deploy_config.find_spec',
        lambda name: None if name == 'onnxruntime' else name,
    )
    arguments = ['benchmark.py', '--model', 'ours=a.onnx', '--image', 'b.png']
    monkeypatch.setattr(sys, 'argv', arguments)
    with pytest.raises(SystemExit, match='2'):
        runpy.run_path(str(TOOL), run_name='__main__')
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: deployment needs onnxruntime, not installed: pip ')
