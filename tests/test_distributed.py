# Copyright (c) mmacnn authors. All rights reserved.
"""Training with two processes, on the CPU: what it computes, and how it ends."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest
import torch
from mmengine.config import Config

from mmacnn.apis import train
from mmacnn.synthetic import TASKS, write_dataset

from .test_tools.test_train import TORCHRUN, free_port, run, weights
from .testing.methods import METHODS, prepare
from .testing.paths import ROOT

TRAIN = ROOT / 'tools' / 'train.py'
WITHOUT_CHANCE = 2  # epochs
# The norm layers of a process see its own images alone, so that no two processes can
# equal one while these learn: for two epochs they stand still. The third is free.
HOOK = """
import json
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from torch.nn.modules.batchnorm import _BatchNorm


@HOOKS.register_module()
class WatchHook(Hook):
    priority = 'LOWEST'

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for module in runner.model.modules():
            if isinstance(module, _BatchNorm) and runner.epoch < 2:
                module.eval()

    def before_train_epoch(self, runner):
        state = torch.get_rng_state()
        self.drawn = torch.rand(1).item()
        torch.set_rng_state(state)

    def before_val_epoch(self, runner):
        buffers = dict(runner.model.named_buffers())
        place = Path(runner.work_dir, f'process_{runner.rank}.json')
        mean = next(v for name, v in buffers.items() if 'running_mean' in name)
        place.write_text(json.dumps(dict(drawn=self.drawn, mean=mean.tolist())))
"""


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A-CNN trained by one process and, with half the batch each, by two."""
    folder = tmp_path_factory.mktemp('distributed')
    (folder / 'watch_hook.py').write_text(HOOK)
    cfg = Config.fromfile(prepare(replace(METHODS['acnn'], size=(120, 160)), folder))
    cfg.custom_imports.imports = ['mmacnn', 'watch_hook']
    cfg.custom_hooks = [dict(type='mmengine.WatchHook')]
    cfg.train_cfg.max_epochs = WITHOUT_CHANCE + 1
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    cfg.model.stn.roi_size = (12, 20)
    cfg.test_dataloader.dataset.pipeline[1].scale = (160, 120)
    cfg.val_dataloader.dataset.pipeline = cfg.test_dataloader.dataset.pipeline
    # What is drawn at random differs between processes.
    cfg.model.roi_jitter = (0.0, 0.0)
    cfg.train_dataloader.dataset.pipeline = cfg.test_dataloader.dataset.pipeline
    # Three of eight images: no two processes have equally many boxes.
    cfg.train_dataloader.dataset.box_fraction = 0.375
    cfg.train_dataloader.sampler.labelled_fraction = 0.0
    # Adam divides by the size of the gradient, which blows up what is nearly zero.
    cfg.optim_wrapper.optimizer = dict(type='SGD', lr=0.05, momentum=0.9)
    cfg.optim_wrapper.pop('paramwise_cfg', None)
    for processes in (1, 2):
        cfg.train_dataloader.batch_size = 4 // processes
        cfg.dump(folder / f'by_{processes}.py')

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        train(str(folder / 'by_1.py'), work_dir=str(folder / 'one'))
    torchrun = [*TORCHRUN, '--master_port', free_port(), TRAIN]
    two = run(
        *torchrun, 'by_2.py', '--work-dir', 'two', '--launcher', 'pytorch', cwd=folder
    )
    assert two.returncode == 0, two.stderr
    return folder


def test_two_processes_train_as_one_with_the_doubled_batch(trained):
    before = weights(trained / 'one' / 'epoch_1.pth')
    one, two = (
        weights(trained / folder / f'epoch_{WITHOUT_CHANCE}.pth')
        for folder in ('one', 'two')
    )
    assert one.keys() == two.keys()
    assert max((one[key] - before[key]).abs().max() for key in one) > 1e-3
    for key in one:
        torch.testing.assert_close(two[key], one[key], atol=1e-5, rtol=1e-4)


def test_two_processes_validate_as_one(trained):
    one, two = (
        [
            json.loads(line)
            for line in next((trained / folder).rglob('scalars.json')).open()
            if 'accuracy' in line
        ]
        for folder in ('one', 'two')
    )
    assert len(one) == len(two) == WITHOUT_CHANCE + 1
    for ours, theirs in list(zip(one, two, strict=True))[:WITHOUT_CHANCE]:
        kept = [key for key in ours if key not in ('data_time', 'time')]
        assert len(kept) > 3
        assert {key: ours[key] for key in kept} == pytest.approx(
            {key: theirs[key] for key in kept}, rel=1e-4
        )


def test_processes_draw_differently_and_end_with_the_same_buffers(trained):
    first, second = (
        json.loads((trained / 'two' / f'process_{rank}.json').read_text())
        for rank in (0, 1)
    )
    alone = json.loads((trained / 'one' / 'process_0.json').read_text())
    assert first['drawn'] != second['drawn']
    assert first['drawn'] == alone['drawn']  # as in a training without processes
    assert first['mean'] == second['mean']
    assert first['mean'] != alone['mean']


@pytest.mark.soak
@pytest.mark.parametrize('name', METHODS)
def test_two_processes_test_as_one(name, tmp_path):
    """Of each method; a classifier's is in test_tools/test_test.py."""
    config = prepare(METHODS[name], tmp_path, test=5)  # not one for each of two
    train(config, work_dir=str(tmp_path / 'run'), validate=False)
    command = [ROOT / 'tools' / 'test.py', config, tmp_path / 'run' / 'epoch_1.pth']
    command += ['--work-dir', tmp_path / 'run', '--out']
    one = run(*command, 'one.json', cwd=tmp_path)
    assert one.returncode == 0, one.stderr
    torchrun = [*TORCHRUN, '--master_port', free_port()]
    two = run(*torchrun, *command, 'two.json', '--launcher', 'pytorch', cwd=tmp_path)
    assert two.returncode == 0, two.stderr
    alone, together = (
        json.loads((tmp_path / file).read_text()) for file in ('one.json', 'two.json')
    )
    assert together['metrics'].keys() == alone['metrics'].keys()
    for key, metric in alone['metrics'].items():  # some are a list, one for each class
        expected = pytest.approx(metric, rel=1e-4, nan_ok=True)
        assert together['metrics'][key] == expected, key
    assert len(alone['predictions']) == len(together['predictions'])
    for ours, theirs in zip(alone['predictions'], together['predictions'], strict=True):
        assert ours['img_path'] == theirs['img_path']
        assert ours.get('pred_label') == theirs.get('pred_label')
        if 'pred_score' in ours:
            assert ours['pred_score'] == pytest.approx(theirs['pred_score'], abs=1e-4)


def test_nobody_looks_for_unused_parameters():
    """They would be looked for at each step; that none are is in test_numbers.py."""
    files = [
        path
        for folder in ('benchmarks', 'configs', 'demo', 'mmacnn', 'projects', 'tools')
        for path in (ROOT / folder).rglob('*')
        if path.suffix in ('.py', '.yml') and path.is_file()
    ]
    assert len(files) > 300
    assert [path for path in files if 'find_unused' in path.read_text()] == []


FAULT = """
import os
import signal
import time
from pathlib import Path

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class FaultHook(Hook):
    def before_run(self, runner):
        Path(f'{get_rank()}.pid').write_text(str(os.getpid()))

    def fail(self, place):
        if (os.environ['PLACE'], os.environ['VICTIM']) == (place, str(get_rank())):
            for fault, number in (('kill', signal.SIGKILL), ('hang', signal.SIGSTOP)):
                if os.environ['FAULT'] == fault:
                    os.kill(os.getpid(), number)
            raise RuntimeError('a fault of the program')

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 1:
            self.fail('train')

    def before_val_iter(self, runner, batch_idx, data_batch=None):
        self.fail('val')
"""


@pytest.fixture
def faulty(tiny_config, tmp_path):
    """Arguments of a training that goes wrong as the environment says."""
    (tmp_path / 'fault_hook.py').write_text(FAULT)
    config = tmp_path / 'faulty.py'
    config.write_text(
        "_base_ = './tiny.py'\n"
        "custom_imports = dict(imports=['mmacnn', 'fault_hook'])\n"
        "custom_hooks = [dict(type='mmengine.FaultHook')]\n"
        'train_dataloader = dict(batch_size=2)\n'
    )
    return [TRAIN, config, '--launcher', 'pytorch', '--work-dir', tmp_path / 'out']


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def assert_none_left(folder):
    pids = [int(path.read_text()) for path in folder.glob('*.pid')]
    assert len(pids) == 2
    assert not any(map(is_running, pids))


@pytest.mark.parametrize(
    ('fault', 'victim', 'place'),
    [
        ('kill', 1, 'train'),
        pytest.param('raise', 0, 'train', marks=pytest.mark.soak),
        pytest.param('raise', 1, 'val', marks=pytest.mark.soak),
        pytest.param('kill', 0, 'val', marks=pytest.mark.soak),
    ],
)
def test_when_a_process_dies_torchrun_ends_the_job(
    faulty, tmp_path, fault, victim, place
):
    """A job that hangs ends by the timeout of `run`, an error."""
    how = dict(FAULT=fault, VICTIM=str(victim), PLACE=place)
    done = run(*TORCHRUN, '--master_port', free_port(), *faulty, cwd=tmp_path, **how)
    assert done.returncode != 0
    assert 'FAILED' in done.stderr
    cause = 'Signal 9' if fault == 'kill' else 'RuntimeError: a fault of the program'
    assert cause in done.stderr
    assert_none_left(tmp_path)


@pytest.mark.soak
def test_when_a_process_hangs_the_job_ends_after_the_timeout(faulty, tmp_path):
    how = dict(FAULT='hang', VICTIM='1', PLACE='train')
    options = ['--cfg-options', 'env_cfg.dist_cfg.backend=gloo']
    options += ['env_cfg.dist_cfg.timeout=60']
    torchrun = [*TORCHRUN, '--master_port', free_port()]
    done = run(*torchrun, *faulty, *options, cwd=tmp_path, **how)
    assert done.returncode != 0
    assert 'Timed out waiting 60000ms' in done.stderr
    assert_none_left(tmp_path)


@pytest.mark.parametrize(
    ('fault', 'victim', 'place'),
    [
        # The first is the one that the processes met at.
        pytest.param('kill', 0, 'train', marks=pytest.mark.soak),
        pytest.param('kill', 1, 'train', marks=pytest.mark.soak),
        pytest.param('raise', 0, 'val', marks=pytest.mark.soak),
        pytest.param('raise', 1, 'train', marks=pytest.mark.soak),
    ],
)
def test_when_a_process_dies_the_other_ends_by_itself(
    faulty, tmp_path, fault, victim, place
):
    """Nobody watches processes that were started by hand, on two machines say."""
    how = dict(FAULT=fault, VICTIM=str(victim), PLACE=place)
    how |= dict(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(free_port()), WORLD_SIZE='2')
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(
                run, *faulty, cwd=tmp_path, RANK=str(i), LOCAL_RANK=str(i), **how
            )
            for i in range(2)
        ]
        ended = [job.result() for job in jobs]
    assert ended[victim].returncode == (-9 if fault == 'kill' else 1)
    survivor = ended[1 - victim]
    assert survivor.returncode != 0
    assert 'closed by peer' in survivor.stderr or 'reset by peer' in survivor.stderr
    assert_none_left(tmp_path)


def test_two_processes_find_the_same_boxes(tmp_path):
    write_dataset(
        TASKS['product-code'], tmp_path / 'data', dict(train=7), (480, 640), 3
    )
    name = 'acnn-opt-self-training_strided_10e_synthetic-product-code.py'
    cfg = Config.fromfile(ROOT / 'configs/acnn' / name)
    cfg.load_from = str(ROOT / 'demo/acnn-opt_synthetic-product-code.pth')
    cfg.default_hooks.self_training.begin = [0.0]
    cfg.train_dataloader.dataset.update(data_root=str(tmp_path / 'data'))
    cfg.train_dataloader.dataset.box_fraction = 0.0
    cfg.train_cfg, cfg.param_scheduler = dict(by_epoch=True, max_epochs=1), []
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    cfg.dump(tmp_path / 'config.py')
    train(str(tmp_path / 'config.py'), work_dir=str(tmp_path / 'one'))
    options = ('config.py', '--work-dir', 'two', '--launcher', 'pytorch')
    torchrun = [*TORCHRUN, '--master_port', free_port(), TRAIN]
    two = run(*torchrun, *options, cwd=tmp_path)
    assert two.returncode == 0, two.stderr
    one, two = (
        torch.load(tmp_path / folder / 'epoch_1.pth', weights_only=False)
        for folder in ('one', 'two')
    )
    one, two = (each['self_training']['found'] for each in (one, two))
    assert len(one) >= 5, 'the shipped weights read most of these'
    torch.testing.assert_close(two, one, atol=0.01, rtol=0)
