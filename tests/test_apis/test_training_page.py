# Copyright (c) mmacnn authors. All rights reserved.
"""What docs/en/training.md says, on a training of a second."""

import re
import runpy
import sys

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from mmacnn.apis import train

from ..testing.paths import ROOT

PAGE = (ROOT / 'docs/en/training.md').read_text(encoding='utf-8')
SNIPPETS = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)


@pytest.fixture
def train_with(tiny_config, tmp_path, monkeypatch):
    """Train with the page's snippet that has a word in it, and with options."""

    def run(word, **options):
        (snippet,) = [each for each in SNIPPETS if word in each]
        base = tmp_path / 'base.py'
        base.write_text(
            f"_base_ = '{tiny_config}'\nvisualizer = dict(type='mmacnn.RoIVisualizer')"
        )
        config = tmp_path / 'snippet.py'
        config.write_text(f"_base_ = '{base}'\n{snippet}")
        monkeypatch.chdir(tmp_path)
        return train(str(config), str(tmp_path / 'run'), cfg_options=options)

    return run


def test_early_stopping(train_with):
    options = {'custom_hooks.0.patience': 1, 'custom_hooks.0.min_delta': 1000}
    runner = train_with('EarlyStoppingHook', **options)
    assert runner.epoch < runner.max_epochs == 4


@pytest.mark.parametrize(
    ('word', 'package', 'written'),
    [
        ('Tensorboard', 'tensorboard', 'run/*/vis_data/events*'),
        ('MLflow', 'mlflow', 'run/*/vis_data/**/metrics/**/top1'),
        ('Wandb', 'wandb', 'run/*/vis_data/wandb/offline-run-*/*.wandb'),
    ],
)
def test_trackers(train_with, tmp_path, word, package, written):
    pytest.importorskip(package)
    train_with(word, **{'train_cfg.max_epochs': 1})
    assert list(tmp_path.glob(written))


@HOOKS.register_module()
class NoteTypesHook(Hook):
    """Notes the type of what a convolution gives in training and in validation."""

    def before_train(self, runner):
        def note(module, inputs, output):
            runner.types.add((module.training, output.dtype))

        runner.types = set()
        runner.model.backbone.layer1[0].conv1.register_forward_hook(note)


def test_bfloat16_on_a_cpu(train_with, tiny_config, tmp_path):
    options = {'train_cfg.max_epochs': 1, 'custom_hooks': [dict(type='NoteTypesHook')]}
    by_config = train_with('BFloat16', **options)
    out = str(tmp_path / 'flag')
    by_flag = train(str(tiny_config), out, amp=True, cfg_options=options)
    for runner in (by_config, by_flag):
        assert runner.types == {(True, torch.bfloat16), (False, torch.float32)}
    ours, theirs = (each.model.head.fc.weight for each in (by_config, by_flag))
    assert ours.dtype == torch.float32 and torch.equal(ours, theirs)


def test_gradient_accumulation(tiny_config, tmp_path):
    """Two batches of 4 are one step, as the page's command has it."""
    assert 'optim_wrapper.accumulative_counts=4' in PAGE
    options = {'train_cfg.max_epochs': 1, 'optim_wrapper.accumulative_counts': 2}
    runner = train(str(tiny_config), str(tmp_path / 'run'), cfg_options=options)
    assert runner.iter == 2
    state = runner.optim_wrapper.state_dict()['state']
    assert {int(each['step']) for each in state.values()} == {1}


def run_tool(monkeypatch, name, *args):
    monkeypatch.setattr(sys, 'argv', [name, *map(str, args)])
    runpy.run_path(str(ROOT / 'tools' / f'{name}.py'), run_name='__main__')


def test_search(tiny_config, tmp_path, monkeypatch, capsys):
    pytest.importorskip('optuna')
    arguments = (
        *(tiny_config, '--work-dir', tmp_path / 'out', '--options'),
        *(
            'optim_wrapper.optimizer.lr=1e-4:1e-1:log',
            'train_dataloader.batch_size=4,8',
        ),
        *('--cfg-options', 'train_cfg.max_epochs=1'),
    )
    for trials in (2, 3):  # the second call goes on
        run_tool(monkeypatch, 'search', *arguments, '--trials', trials)
    said = capsys.readouterr().out
    assert re.findall(r'^trial_(\d): accuracy/top1 ', said, re.MULTILINE) == list('012')
    assert 'The best: --cfg-options optim_wrapper.optimizer.lr=' in said
