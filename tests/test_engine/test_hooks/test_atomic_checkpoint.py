# Copyright (c) mmacnn authors. All rights reserved.
"""What is left when a training breaks off; kills are in test_killed_training.py."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.fileio import LocalBackend
from mmengine.registry import METRICS
from mmengine.runner import Runner

from mmacnn.apis import train

from .test_exact_resume import assert_same_state

PLAIN = dict(type='CheckpointHook', interval=1, _scope_='mmdet')


@METRICS.register_module(force=True)
class RisingScore(BaseMetric):
    """Better with each validation, so that each has a new best checkpoint."""

    validations = 0

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        RisingScore.validations += 1
        return dict(rise=RisingScore.validations)


def build(path, work_dir, hook='mmacnn.AtomicCheckpointHook', **options):
    cfg = Config.fromfile(path)
    settings = dict(max_keep_ckpts=1, save_best='rise', rule='greater', interval=1)
    cfg.default_hooks.checkpoint = dict(type=hook, **settings) | options
    cfg.val_evaluator = dict(type='mmengine.RisingScore')
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{work_dir.name}-{RisingScore.validations}-{len(options)}'
    return cfg


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix == '.pth')


class Broken(LocalBackend):
    """A disk that is full at the given write."""

    def __init__(self, monkeypatch, at):
        self.writes, self.at, put = 0, at, LocalBackend.put

        def write(backend, content, path):
            self.writes += 1
            if self.writes == self.at:
                Path(path).write_bytes(content[:1000])
                raise OSError(28, 'No space left on device')
            put(backend, content, path)

        monkeypatch.setattr(LocalBackend, 'put', write)


# An epoch has three writes: its checkpoint, the best one, and the first once more.
@pytest.mark.parametrize(
    ('write', 'left'),
    [
        (3, ['best_rise_epoch_1.pth', 'epoch_1.pth']),
        (4, ['best_rise_epoch_1.pth', 'epoch_1.pth']),
        (5, ['best_rise_epoch_1.pth', 'epoch_2.pth']),
        (6, ['best_rise_epoch_2.pth', 'epoch_2.pth']),
    ],
)
def test_a_full_disk_leaves_what_was_there(
    tiny_config, tmp_path, monkeypatch, write, left
):
    work_dir = tmp_path / 'run'
    Broken(monkeypatch, write)
    with pytest.raises(OSError, match='No space left.*run'):
        Runner.from_cfg(build(tiny_config, work_dir)).train()
    assert names(work_dir) == left
    for name in left:
        assert torch.load(work_dir / name, weights_only=False)['state_dict']
    last = Path((work_dir / 'last_checkpoint').read_text())
    assert last.is_file() and last.parent == work_dir
    assert not list(work_dir.glob('.unfinished-*'))


def test_mmengines_own_hook_leaves_less(tiny_config, tmp_path, monkeypatch):
    """So that the test above can fail."""
    Broken(monkeypatch, 4)
    options = dict(backend_args=dict(backend='atomic'))
    with pytest.raises(OSError, match='No space left'):
        Runner.from_cfg(
            build(tiny_config, tmp_path / 'run', 'CheckpointHook', **options)
        ).train()
    assert names(tmp_path / 'run') == ['best_rise_epoch_1.pth']


def test_the_best_checkpoint_may_be_written_again(tiny_config, tmp_path):
    """A repeated validation that scores higher has a best file of the same name."""
    work_dir = tmp_path / 'run'
    cfg = build(tiny_config, work_dir)
    cfg.train_cfg.max_epochs = 1
    Runner.from_cfg(cfg).train()
    expected = torch.load(work_dir / 'best_rise_epoch_1.pth', weights_only=False)

    cfg = build(tiny_config, work_dir)
    cfg.train_cfg.max_epochs, cfg.resume = 1, True
    Runner.from_cfg(cfg).train()
    assert names(work_dir) == ['best_rise_epoch_1.pth', 'epoch_1.pth']
    found = torch.load(work_dir / 'best_rise_epoch_1.pth', weights_only=False)
    assert_same_state(found['state_dict'], expected['state_dict'])


@pytest.mark.parametrize('hook', ['CheckpointHook', 'mmacnn.AtomicCheckpointHook'])
def test_publishes_as_mmengine_does(tiny_config, tmp_path, hook):
    work_dir = tmp_path / 'run'
    keys = ['state_dict']
    cfg = build(tiny_config, work_dir, hook, published_keys=keys, max_keep_ckpts=-1)
    cfg.train_cfg.max_epochs = 2
    Runner.from_cfg(cfg).train()
    published = sorted(work_dir.glob('*_2-????????.pth'))
    assert [path.stem[:-9] for path in published] == ['best_rise_epoch_2', 'epoch_2']
    assert set(torch.load(published[1], weights_only=False)) == {'state_dict'}
    assert (work_dir / 'epoch_1.pth').is_file()


@pytest.mark.parametrize('hooks', [{}, dict(checkpoint=PLAIN)])
def test_train_saves_atomically_whatever_the_config_says(
    tiny_config, tmp_path, monkeypatch, hooks
):
    config = tmp_path / 'theirs.py'
    config.write_text(
        "_base_ = './tiny.py'\n"
        f'default_hooks = dict(_delete_=True, **{hooks!r})\n'
        'train_cfg = dict(max_epochs=2)\n'
    )
    Broken(monkeypatch, 2)
    with pytest.raises(OSError, match='No space left'):
        train(str(config), work_dir=str(tmp_path / 'run'), validate=False)
    assert names(tmp_path / 'run') == ['epoch_1.pth']


def test_train_leaves_out_what_the_config_leaves_out(tiny_config, tmp_path):
    config = tmp_path / 'without.py'
    config.write_text("_base_ = './tiny.py'\ndefault_hooks = dict(checkpoint=None)\n")
    options = {'train_cfg.max_epochs': 1}
    train(str(config), str(tmp_path / 'run'), validate=False, cfg_options=options)
    assert names(tmp_path / 'run') == []
