# Copyright (c) mmacnn authors. All rights reserved.
"""Reports of real tests, from the command line and from Python."""

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmacnn import apis

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkpoint(tiny_config, tmp_path):
    torch.manual_seed(0)
    init_default_scope('mmpretrain')
    model = MODELS.build(Config.fromfile(tiny_config).model)
    content = dict(state_dict=model.state_dict(), meta=dict(epoch=7, seed=3))
    torch.save(content, tmp_path / 'weights.pth')
    return str(tmp_path / 'weights.pth')


def test_what_a_test_says_of_itself(tiny_config, checkpoint, tmp_path):
    out = tmp_path / 'results.json'
    apis.test(str(tiny_config), checkpoint, work_dir=str(tmp_path / 'w'), out=str(out))
    run = json.loads(out.read_text())['run']
    assert run['classes'] == ['dark', 'light'] and run['seed'] == 3
    assert run['training'] == dict(epoch=7, seed=3)
    assert run['data']['images'] == 8 and len(run['data']['fingerprint']) == 16
    assert len(run['weights_sha256']) == 64
    assert 'ImageClassifier' in run['config_text']
    assert {'mmacnn', 'torch', 'mmpretrain'} <= set(run['versions'])
    assert run['time']['batch_size'] == 4 and run['time']['device'] == 'cpu'
    assert len(run['time']['seconds_per_image']) == 2
    assert all(0 < seconds < 60 for seconds in run['time']['seconds_per_image'])


@pytest.mark.soak
def test_tests_a_checkpoint_and_writes_the_page(tiny_config, checkpoint, tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, ROOT / 'tools/analysis_tools/report.py', tiny_config),
            *(checkpoint, '--out', tmp_path / 'r.html', '--work-dir', tmp_path / 'w'),
            *('--title', 'Dark & light'),
        ],
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert f'Written: {tmp_path / "r.html"}' in done.stdout
    text = (tmp_path / 'r.html').read_text()
    assert '<h1>Dark &amp; light</h1>' in text and 'of 8;' in text
    # The worst stand at the top once more.
    assert len(set(re.findall('src="(data:image/jpeg[^"]*)"', text))) == 8


def results(path, **changes):
    prediction = dict(img_path='a.png', gt_label=[0], pred_label=[0], pred_score=[1, 0])
    path.write_bytes(
        pickle.dumps(dict(metrics={}, predictions=[prediction], **changes))
    )
    return str(path)


def test_several_results_and_a_benchmark(tmp_path):
    for folder in ('a', 'b'):
        (tmp_path / folder).mkdir()
    paths = [results(tmp_path / folder / 'r.pkl') for folder in ('a', 'b')]
    total = dict(median=12.25, p95=13, p99=14)
    line = dict(model='fast', threads=1, batch_size=1, images_per_second=80)
    line['stages'] = dict(total=total)
    times = dict(machine=dict(processor='a processor'), measurements=[line])
    (tmp_path / 'benchmark.json').write_text(json.dumps(times))
    notices = apis.report(
        paths, str(tmp_path / 'r.html'), benchmark=str(tmp_path / 'benchmark.json')
    )
    text = (tmp_path / 'r.html').read_text()
    assert '12.25' in text and 'a processor' in text
    # Two files of one name keep their folders.
    assert str(tmp_path / 'a' / 'r') in text
    assert any('removed' in notice for notice in notices)


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / 'r.html').write_text('mine')
    with pytest.raises(FileExistsError, match='r.html exists, name a new file'):
        apis.report([results(tmp_path / 'a.pkl')], str(tmp_path / 'r.html'))
    assert (tmp_path / 'r.html').read_text() == 'mine'


def test_wrong_arguments(tmp_path):
    out, path = str(tmp_path / 'r.html'), results(tmp_path / 'a.pkl')
    with pytest.raises(ValueError, match='r.txt: expected a name ending in .html'):
        apis.report([path], str(tmp_path / 'r.txt'))
    with pytest.raises(ValueError, match='expected CONFIG CHECKPOINT, or results'):
        apis.report(['config.py'], out)
    with pytest.raises(ValueError, match=r'names: expected 1 names, found 2: a, b'):
        apis.report([path], out, names=['a', 'b'])
    (tmp_path / 'other.json').write_text('{}')
    with pytest.raises(ValueError, match='other.json: found no'):
        apis.report([path], out, benchmark=str(tmp_path / 'other.json'))
    with pytest.raises(FileNotFoundError, match='absent.json'):
        apis.report([path], out, benchmark='absent.json')
    assert not os.path.exists(out)
