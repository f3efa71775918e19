# Copyright (c) mmacnn authors. All rights reserved.
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
TRAIN = ROOT / 'tools' / 'train.py'
TORCHRUN = ['-m', 'torch.distributed.run', '--nproc_per_node', '2']


def run(*arguments, cwd, timeout=300, **environment):
    """Run Python in the folder of a test, which also holds the test's modules."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={
            **os.environ,
            'PYTHONPATH': os.pathsep.join([str(ROOT), str(cwd)]),
            'OMP_NUM_THREADS': '1',
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def weights(checkpoint):
    return torch.load(checkpoint, map_location='cpu')['state_dict']


def assert_one_line(done, pattern):
    assert done.returncode == 2
    assert 'Traceback' not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert re.search(pattern, line), line


def test_trains_into_a_folder_named_after_the_config(tiny_config, tmp_path):
    done = run(
        TRAIN, tiny_config, '--cfg-options', 'train_cfg.max_epochs=1', cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'work_dirs' / 'tiny' / 'epoch_1.pth').is_file()


@pytest.mark.soak
def test_two_processes_on_the_cpu_train_one_model(tiny_config, tmp_path):
    done = run(
        *TORCHRUN,
        '--master_port',
        free_port(),
        TRAIN,
        tiny_config,
        '--launcher',
        'pytorch',
        '--work-dir',
        tmp_path / 'out',
        '--cfg-options',
        'train_cfg.max_epochs=2',
        'log_level=INFO',
        'default_hooks.logger.type=LoggerHook',
        'default_hooks.logger.interval=1',
        cwd=tmp_path,
        CUDA_VISIBLE_DEVICES='',
    )
    assert done.returncode == 0, done.stderr
    # Eight images, four a process: one step an epoch.
    log = next((tmp_path / 'out').glob('*/*.log')).read_text()
    assert 'Epoch(train) [2][1/1]' in log
    assert weights(tmp_path / 'out' / 'epoch_2.pth')


@pytest.mark.slow
def test_resume_after_a_kill(tiny_config, tmp_path):
    """SIGKILL in the third epoch, then --resume; the hook's own test has the rest."""
    kill = tmp_path / 'kill_hook.py'
    kill.write_text(
        'import os, signal\n'
        'from mmengine.hooks import Hook\n'
        'from mmengine.registry import HOOKS\n'
        '@HOOKS.register_module()\n'
        'class KillHook(Hook):\n'
        '    def before_train_iter(self, runner, batch_idx, data_batch=None):\n'
        '        if runner.epoch == 2:\n'
        '            os.kill(os.getpid(), signal.SIGKILL)\n'
    )
    deadly = tmp_path / 'deadly.py'
    deadly.write_text(
        "_base_ = './tiny.py'\n"
        "custom_imports = dict(imports=['mmacnn', 'kill_hook'])\n"
        "custom_hooks = [dict(type='mmengine.KillHook')]\n"
    )
    arguments = ('--work-dir', tmp_path / 'parts')
    killed = run(TRAIN, deadly, *arguments, cwd=tmp_path)
    assert killed.returncode == -9, killed.stderr
    resumed = run(TRAIN, tiny_config, '--resume', *arguments, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    whole = run(TRAIN, tiny_config, '--work-dir', tmp_path / 'full', cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr

    ours, theirs = (
        weights(tmp_path / name / 'epoch_4.pth') for name in ('parts', 'full')
    )
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_mistakes_end_with_one_line(tiny_config, tmp_path):
    """One process a mistake is slow: the cases are in test_apis, this is the wiring."""
    done = run(TRAIN, 'absent.py', cwd=tmp_path)
    assert_one_line(done, r'^error: .*absent\.py')
    done = run(TRAIN, tiny_config, '--cfg-options', 'seed:1', cwd=tmp_path)
    assert_one_line(done, "--cfg-options: expected KEY=VALUE, found 'seed:1'")


def test_the_terminal_has_a_start_and_metrics_and_the_log_all(tiny_config, tmp_path):
    (tmp_path / 'old.py').write_text(
        "import warnings\nwarnings.warn('an old function')"
    )
    with tiny_config.open('a') as file:
        file.write("custom_imports = dict(imports=['mmacnn', 'old'])\n")
    options = ('log_level=INFO', 'train_cfg.max_epochs=3')
    arguments = ('--work-dir', 'out', '--cfg-options', *options)
    done = run(TRAIN, tiny_config, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    # The tiny config validates on its test images, of which a line warns.
    shown = [line.partition(' INFO - ')[2] for line in lines if ' INFO - ' in line]
    assert len(shown) < 20, done.stdout
    words = 'config model weights training validation steps device written'
    assert [line.split(':')[0].split()[0] for line in shown[:8]] == words.split()
    assert 'steps:      3 epochs of 2 steps, 6 in all' in shown
    assert sum('accuracy/top1: ' in line for line in shown) == 3
    (log,) = (tmp_path / 'out').glob('*/*.log')
    text = log.read_text()
    hidden = ('Config:', 'Hooks will be executed', 'an old function')
    for words in (*hidden, 'Epoch(train) [3]'):
        assert words in text and words not in done.stdout + done.stderr


def test_interrupted(tiny_config, tmp_path):
    (tmp_path / 'interrupt_hook.py').write_text(
        'from mmengine.hooks import Hook\n'
        'from mmengine.registry import HOOKS\n'
        '@HOOKS.register_module()\n'
        'class InterruptHook(Hook):\n'
        '    def before_train_iter(self, runner, batch_idx, data_batch=None):\n'
        '        if runner.epoch == 1:\n'
        '            raise KeyboardInterrupt\n'
    )
    config = tmp_path / 'stopped.py'
    config.write_text(
        "_base_ = './tiny.py'\n"
        "custom_imports = dict(imports=['mmacnn', 'interrupt_hook'])\n"
        "custom_hooks = [dict(type='mmengine.InterruptHook')]\n"
    )
    done = run(TRAIN, config, '--work-dir', 'out', '--no-validate', cwd=tmp_path)
    assert done.returncode == 130, done.stderr
    assert 'Traceback' not in done.stderr
    expected = 'stopped; the same command with --resume goes on from out/epoch_1.pth'
    assert done.stderr.strip().splitlines()[-1] == expected


def test_traceback_on_request(tmp_path):
    done = run(TRAIN, 'absent.py', cwd=tmp_path, MMACNN_TRACEBACK='1')
    assert done.returncode == 1
    assert 'Traceback' in done.stderr
    assert 'FileNotFoundError' in done.stderr
