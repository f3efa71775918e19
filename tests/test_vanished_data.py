# Copyright (c) mmacnn authors. All rights reserved.
"""Images and worker processes that are gone in the middle of the work."""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, TRANSFORMS
from torch.utils.data import get_worker_info

from mmacnn import apis
from mmacnn.inference import Inspector

from .testing.tiny import write_tiny_config


@HOOKS.register_module(force=True)
class VanishHook(Hook):
    """Takes the images away in the second epoch, or in the test."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def after_train_iter(self, runner, batch_idx, *args, **kwargs):
        if (runner.epoch, batch_idx) == (1, 0):
            self.folder.rename(self.folder.with_name('away'))

    def after_test_iter(self, runner, batch_idx, *args, **kwargs):
        if batch_idx == 0:
            self.folder.rename(self.folder.with_name('away'))


def vanishing(tmp_path, num_workers):
    config = write_tiny_config(tmp_path)
    loader = dict(batch_size=2, num_workers=num_workers)
    with config.open('a') as file:
        file.write(
            f"custom_hooks = [dict(type='mmengine.VanishHook', folder="
            f'{str(tmp_path / "data")!r})]\n'
            f'train_dataloader.update({loader!r})\ntest_dataloader.update({loader!r})\n'
        )
    return config


@pytest.mark.parametrize('num_workers', [0, 1])
def test_images_vanish_in_a_training(tmp_path, num_workers, fail):
    config = vanishing(tmp_path, num_workers)
    train = ['tools/train.py', config, '--work-dir', tmp_path / 'run', '--no-validate']
    line = fail(train)
    assert re.search(r'data/\w+/\d\.png: No such file.*; moved, deleted', line), line
    assert torch.load(tmp_path / 'run' / 'epoch_1.pth', weights_only=False)

    (tmp_path / 'away').rename(tmp_path / 'data')
    runner = apis.train(
        str(config),
        str(tmp_path / 'run'),
        'auto',
        validate=False,
        cfg_options={'custom_hooks': [], 'train_cfg.max_epochs': 2},
    )
    assert runner.epoch == 2 and runner.iter == 8


@pytest.mark.parametrize('num_workers', [0, 1])
def test_images_vanish_in_a_test(trained, tmp_path, num_workers, fail):
    config = vanishing(tmp_path, num_workers)
    test = ['tools/test.py', config, trained / 'run' / 'epoch_1.pth', '--work-dir']
    out = ['--out', tmp_path / 'results.json']
    line = fail([*test, tmp_path / 'run', *out])
    assert re.search(r'data/\w+/\d\.png: No such file.*; moved, deleted', line), line
    assert not (tmp_path / 'results.json').exists()


def test_images_vanish_in_an_inspection(trained, tmp_path):
    """Each that is gone has a verdict of its own; what was found stays."""
    shutil.copytree(trained / 'data', tmp_path / 'data')
    weights = str(trained / 'run' / 'epoch_1.pth')
    inspector = Inspector(str(trained / 'tiny.py'), weights, device='cpu')
    results = inspector(tmp_path / 'data' / 'dark', out_dir=str(tmp_path / 'out'))
    first = next(results)
    shutil.rmtree(tmp_path / 'data')
    rest = list(results)
    assert first.verdict != 'unreadable' and len(rest) == 3
    assert all(result.verdict == 'unreadable' for result in rest)
    assert all(result.source in result.error for result in rest)
    lines = (tmp_path / 'out' / 'results.jsonl').read_text().splitlines()
    assert [json.loads(line)['verdict'] for line in lines[1:]] == ['unreadable'] * 3


def test_images_that_vanished_before_the_report(trained, tmp_path):
    shutil.copy(trained / 'results.json', tmp_path)
    text = (tmp_path / 'results.json').read_text()
    (tmp_path / 'results.json').write_text(text.replace('/data/', '/away/'))
    notices = apis.report([str(tmp_path / 'results.json')], str(tmp_path / 'a.html'))
    assert any('8' in notice and 'image' in notice for notice in notices), notices
    assert (tmp_path / 'a.html').is_file()


@TRANSFORMS.register_module(force=True)
class LoseWorker:
    """Ends its process as the system does when there is no memory left."""

    def __call__(self, results):
        if get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return results


def test_a_lost_worker_is_one_line(tiny_config, tmp_path, fail):
    with tiny_config.open('a') as file:
        file.write(
            "dataset['pipeline'].insert(0, dict(type='mmengine.LoseWorker'))\n"
            'train_dataloader.update(num_workers=1)\n'
        )
    train = ['tools/train.py', tiny_config, '--work-dir', tmp_path / 'run']
    line = fail(train)
    assert re.search(r'DataLoader worker \(pid.*Out of memory, or', line), line
