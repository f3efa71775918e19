# Copyright (c) mmacnn authors. All rights reserved.
import random
from functools import partial

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmacnn.engine.hooks.exact_resume import seed_generators, seed_worker

WORKERS = {
    'in-process': dict(num_workers=0),
    'workers': dict(num_workers=2, persistent_workers=False),
    'persistent-workers': dict(num_workers=2, persistent_workers=True),
}


class Killed(BaseException):
    pass


class KillHook(Hook):
    """Stops a training where a real kill might: in an epoch, or in the validation."""

    def __init__(self, place, epoch):
        self.place = place
        self.epoch = epoch

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.place == 'train' and runner.epoch == self.epoch and batch_idx == 1:
            raise Killed

    def before_val_epoch(self, runner):
        if self.place == 'val' and runner.epoch == self.epoch:
            raise Killed


def build_runner(path, work_dir, workers, hook=None, **options):
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(options)
    cfg.train_dataloader.update(workers)
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{work_dir.name}-{hook is None}'
    runner = Runner.from_cfg(cfg)
    if hook is not None:
        runner.register_hook(hook)
    return runner


def best(work_dir):
    return [path.name for path in work_dir.glob('best_*')]


def assert_same_state(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ('place', 'epoch', 'workers'),
    [
        ('train', 2, 'in-process'),
        pytest.param('train', 2, 'workers', marks=pytest.mark.soak),
        ('train', 2, 'persistent-workers'),
        pytest.param('val', 2, 'in-process', marks=pytest.mark.soak),
        # After the last epoch.
        pytest.param('val', 4, 'in-process', marks=pytest.mark.soak),
    ],
)
def test_resumed_training_ends_as_uninterrupted(
    tiny_config, tmp_path, place, epoch, workers
):
    workers = WORKERS[workers]
    whole = build_runner(tiny_config, tmp_path / 'full', workers)
    whole.train()

    killed = build_runner(
        tiny_config, tmp_path / 'parts', workers, KillHook(place, epoch)
    )
    with pytest.raises(Killed):
        killed.train()
    resumed = build_runner(tiny_config, tmp_path / 'parts', workers, resume=True)
    resumed.train()

    assert resumed.epoch == 4
    assert_same_state(resumed.model.state_dict(), whole.model.state_dict())
    assert best(tmp_path / 'parts') == best(tmp_path / 'full')
    for key in ('best_score', 'best_ckpt'):
        found = resumed.message_hub.get_info(key)
        expected = whole.message_hub.get_info(key)
        assert str(found).replace('parts', 'full') == str(expected)


def test_without_the_hook_resuming_differs(tiny_config, tmp_path):
    """So that the test above can fail."""
    without_hook = dict(default_hooks=dict(exact_resume=dict(type='IterTimerHook')))
    whole = build_runner(tiny_config, tmp_path / 'full', {}, **without_hook)
    whole.train()
    hook = KillHook('train', 2)
    killed = build_runner(tiny_config, tmp_path / 'parts', {}, hook, **without_hook)
    with pytest.raises(Killed):
        killed.train()
    without_hook['resume'] = True
    resumed = build_runner(tiny_config, tmp_path / 'parts', {}, **without_hook)
    resumed.train()
    ours, theirs = resumed.model.state_dict(), whole.model.state_dict()
    assert any(not torch.equal(ours[name], theirs[name]) for name in ours)


class PixelHook(Hook):
    """Records the images that the training sees."""

    def __init__(self):
        self.epochs = []

    def before_train_epoch(self, runner):
        self.epochs.append({})

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for index, sample in enumerate(data_batch['data_samples']):
            self.epochs[-1][sample.img_path] = data_batch['inputs'][index]


@pytest.mark.parametrize('workers', WORKERS.values(), ids=WORKERS.keys())
def test_epochs_show_different_changes_of_an_image(tiny_config, tmp_path, workers):
    hook = PixelHook()
    build_runner(tiny_config, tmp_path / 'run', workers, hook).train()
    first, second = hook.epochs[:2]
    assert len(first) == 8
    assert not any(torch.equal(first[path], second[path]) for path in first)


def draw():
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_generators_follow_the_entropy():
    draws = {}
    for entropy in [(0, 0), (0, 1), (1, 0), (0, 0, 0)]:
        seed_generators(entropy)
        draws[entropy] = draw()
        seed_generators(entropy)
        assert draw() == draws[entropy]
    for streams in zip(*draws.values(), strict=True):
        assert len(set(streams)) == len(streams)


def test_configured_worker_init_fn_runs_first():
    calls = []

    def worker_init_fn(worker_id, name):
        calls.append((worker_id, name))
        torch.manual_seed(0)

    seed_worker(partial(worker_init_fn, name='user'), (5, 2, 0), 1)
    drawn = draw()
    seed_generators((5, 2, 0, 1))
    assert draw() == drawn
    assert calls == [(1, 'user')]


def test_early_stopping_goes_on_counting(tiny_config, tmp_path):
    """Nothing gains 1000 %, so the third validation is the last one."""
    stopping = dict(type='EarlyStoppingHook', monitor='accuracy/top1')
    options = dict(
        custom_hooks=[dict(stopping, min_delta=1000, patience=2)],
        train_cfg=dict(val_interval=1),
    )
    hook = KillHook('train', 2)
    killed = build_runner(tiny_config, tmp_path / 'run', {}, hook, **options)
    with pytest.raises(Killed):
        killed.train()
    resumed = build_runner(tiny_config, tmp_path / 'run', {}, resume=True, **options)
    resumed.train()
    assert resumed.epoch == 3
