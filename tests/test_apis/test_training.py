# Copyright (c) mmacnn authors. All rights reserved.
import re

import pytest
import torch
from mmengine.runner import Runner

from mmacnn.apis import train, training
from mmacnn.engine.config import load_config
from mmacnn.engine.hooks import ExactResumeHook
from mmacnn.engine.runner import build_runner

ONE_EPOCH = {'train_cfg.max_epochs': 1}


def test_options_take_effect(tiny_config, tmp_path):
    runner = train(
        str(tiny_config),
        work_dir=str(tmp_path / 'out'),
        validate=False,
        cfg_options={**ONE_EPOCH, 'optim_wrapper.optimizer.lr': 0.5},
    )
    assert runner.epoch == 1
    assert runner.val_loop is None
    assert runner.optim_wrapper.param_groups[0]['initial_lr'] == 0.5
    assert (tmp_path / 'out' / 'epoch_1.pth').is_file()


def test_weights_that_do_not_fit_are_one_line(tiny_config, tmp_path, capfd):
    weights = str(tmp_path / 'other.pth')
    torch.save(dict(state_dict={'backbone.other': torch.zeros(1)}), weights)
    options = ONE_EPOCH | {'load_from': weights, 'log_level': 'INFO'}
    train(str(tiny_config), work_dir=str(tmp_path / 'work'), cfg_options=options)
    said = ''.join(capfd.readouterr())
    assert 'unexpected key' not in said
    assert re.search(r'WARNING - 0 of \d+ tensors from .*as the model begins: ', said)
    (log,) = (tmp_path / 'work').glob('*/*.log')
    assert 'unexpected key in source state_dict: backbone.other' in log.read_text()


def test_a_config_in_the_work_dir_stays_as_it_was_written(tiny_config, tmp_path):
    config = tmp_path / 'config.py'
    config.write_text(f"# Mine.\n_base_ = ['{tiny_config}']\n")
    before = config.read_bytes()
    for resume in (None, 'auto'):
        train(str(config), str(tmp_path), resume, validate=False, cfg_options=ONE_EPOCH)
        assert config.read_bytes() == before
    train(str(config), str(tmp_path / 'out'), validate=False, cfg_options=ONE_EPOCH)
    assert 'optim_wrapper' in (tmp_path / 'out' / 'config.py').read_text()


def test_a_config_that_is_gone_is_copied_again(tiny_config, tmp_path):
    config = tmp_path / 'gone.py'
    config.write_text(f"_base_ = ['{tiny_config}']\n")
    cfg = load_config(str(config), str(tmp_path / 'out'))
    config.unlink()
    for _ in range(2):
        build_runner(cfg)
        assert (tmp_path / 'out' / 'gone.py').is_file()


def test_resume_auto_starts_and_continues(tiny_config, tmp_path):
    arguments = dict(work_dir=str(tmp_path / 'out'), resume='auto')
    train(str(tiny_config), cfg_options=ONE_EPOCH, **arguments)
    runner = train(
        str(tiny_config), cfg_options={'train_cfg.max_epochs': 2}, **arguments
    )
    assert runner.epoch == 2
    assert runner.iter == 4


def test_a_second_training_in_a_folder_is_refused(tiny_config, tmp_path):
    arguments = dict(work_dir=str(tmp_path), validate=False, cfg_options=ONE_EPOCH)
    train(str(tiny_config), **arguments)
    for _ in range(2):
        with pytest.raises(FileExistsError, match='--resume goes on .* --work-dir'):
            train(str(tiny_config), **arguments)
        (tmp_path / 'epoch_1.pth').unlink(missing_ok=True)
    (tmp_path / 'last_checkpoint').unlink()
    train(str(tiny_config), **arguments)


@pytest.mark.parametrize('epoch', [0, 1])
def test_an_interruption_says_how_to_go_on(tiny_config, tmp_path, monkeypatch, epoch):
    def interrupt(self, runner, *_, **__):
        if runner.epoch == epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(ExactResumeHook, 'after_train_iter', interrupt)
    message = 'with --resume goes on from .*epoch_1' if epoch else 'before the first'
    with pytest.raises(KeyboardInterrupt, match=message):
        train(str(tiny_config), work_dir=str(tmp_path), validate=False)


def test_nothing_to_resume_ends_it(tiny_config, tmp_path):
    with pytest.raises(FileNotFoundError, match='found no checkpoint in .*auto begins'):
        train(str(tiny_config), work_dir=str(tmp_path / 'out'), resume='latest')


def test_nothing_to_resume_is_said_last(tiny_config, tmp_path):
    train(
        str(tiny_config),
        work_dir=str(tmp_path),
        resume='auto',
        validate=False,
        cfg_options={**ONE_EPOCH, 'log_level': 'INFO'},
    )
    log = next(tmp_path.glob('*/*.log')).read_text().splitlines()
    line = next(i for i, each in enumerate(log) if 'begins with its first step' in each)
    assert 'WARNING' in log[line]
    steps = [i for i, each in enumerate(log) if 'Epoch(train)' in each]
    assert 0 < steps[0] - line <= 2  # the logger names the run before its first line


@pytest.mark.parametrize('torn', ['last_checkpoint', 'epoch_2.pth', 'both'])
def test_resume_auto_takes_the_last_whole_checkpoint(tiny_config, tmp_path, torn):
    out = tmp_path / 'out'
    arguments = dict(work_dir=str(out), resume='auto', validate=False)
    train(str(tiny_config), cfg_options={'train_cfg.max_epochs': 2}, **arguments)
    if torn != 'epoch_2.pth':
        (out / 'last_checkpoint').write_text('')
    if torn != 'last_checkpoint':
        (out / 'epoch_2.pth').write_bytes((out / 'epoch_2.pth').read_bytes()[:9000])

    options = {'train_cfg.max_epochs': 3, 'log_level': 'INFO'}
    runner = train(str(tiny_config), cfg_options=options, **arguments)
    resumed = 1 if torn != 'last_checkpoint' else 2
    assert runner._resume and runner._load_from.endswith(f'epoch_{resumed}.pth')
    assert runner.epoch == 3


def test_resume_auto_without_a_whole_checkpoint(tiny_config, tmp_path):
    (tmp_path / 'epoch_1.pth').write_bytes(b'PK')
    with pytest.raises(ValueError, match='found no complete checkpoint to resume'):
        train(str(tiny_config), work_dir=str(tmp_path), resume='auto')


def test_resume_auto_before_the_first_checkpoint_loads_what_the_config_says(
    tiny_config, tmp_path
):
    weights = tmp_path / 'weights.pth'
    torch.save(dict(state_dict={'head.fc.bias': torch.tensor([5.0, -5.0])}), weights)
    options = {**ONE_EPOCH, 'load_from': str(weights), 'optim_wrapper.optimizer.lr': 0}
    arguments = dict(resume='auto', validate=False, cfg_options=options)
    runner = train(str(tiny_config), work_dir=str(tmp_path / 'out'), **arguments)
    assert runner.model.head.fc.bias.tolist() == [5.0, -5.0]


def test_resume_auto_takes_no_published_file(tiny_config, tmp_path):
    arguments = dict(work_dir=str(tmp_path / 'out'), resume='auto', validate=False)
    train(str(tiny_config), cfg_options=ONE_EPOCH, **arguments)
    torch.save({'state_dict': {}}, tmp_path / 'out' / 'epoch_1-0a1b2c3d.pth')
    (tmp_path / 'out' / 'last_checkpoint').write_text('')
    runner = train(str(tiny_config), cfg_options=ONE_EPOCH, **arguments)
    assert runner.iter == 2


@pytest.mark.parametrize('seed', [None, 5])
def test_deterministic(tiny_config, tmp_path, monkeypatch, seed):
    seen = []
    monkeypatch.setattr(
        Runner,
        'train',
        lambda self: seen.append((torch.are_deterministic_algorithms_enabled(), self)),
    )
    arguments = dict(
        work_dir=str(tmp_path / 'out'), cfg_options={'randomness.seed': seed}
    )
    train(str(tiny_config), deterministic=True, **arguments)
    train(str(tiny_config), **arguments)
    (is_deterministic, runner), (afterwards, _) = seen
    assert is_deterministic and not afterwards
    assert runner.seed == (seed or 0)
    assert not torch.are_deterministic_algorithms_enabled()


def test_missing_config():
    with pytest.raises(FileNotFoundError, match='absent.py'):
        train('absent.py')


@pytest.mark.parametrize(
    'options', [{'train_dataloader.dataset.pipeline.9.type': 'X'}, {'log_level.x': 1}]
)
def test_option_that_does_not_fit(tiny_config, tmp_path, options):
    with pytest.raises(ValueError, match='tiny.py: --cfg-options does not fit'):
        train(str(tiny_config), work_dir=str(tmp_path), cfg_options=options)


@pytest.mark.parametrize('num_classes', [1, 3])
def test_head_for_another_number_of_classes(tiny_config, tmp_path, num_classes):
    with pytest.raises(ValueError, match=f'is {num_classes}, expected 2'):
        train(
            str(tiny_config),
            work_dir=str(tmp_path),
            cfg_options={'model.head.num_classes': num_classes},
        )


def test_resume_from_missing_file(tiny_config, tmp_path):
    with pytest.raises(FileNotFoundError, match='absent.pth: no such checkpoint'):
        train(str(tiny_config), work_dir=str(tmp_path), resume='absent.pth')


@pytest.mark.parametrize(
    ('content', 'message'),
    [(b'', 'not a readable'), (b'PK\x03\x04 half', 'not a readable')],
)
def test_resume_from_damaged_file(tiny_config, tmp_path, content, message):
    path = tmp_path / 'damaged.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f'damaged.pth: {message}'):
        train(str(tiny_config), work_dir=str(tmp_path), resume=str(path))


def test_resume_from_weights_alone(tiny_config, tmp_path):
    torch.save({'state_dict': {}}, tmp_path / 'weights.pth')
    with pytest.raises(ValueError, match='weights.pth: weights alone'):
        train(
            str(tiny_config),
            work_dir=str(tmp_path),
            resume=str(tmp_path / 'weights.pth'),
        )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'model.backbone.base_channels': 8}, "epoch_1.pth: does not fit the config's"),
        (
            {'optim_wrapper.paramwise_cfg': dict(bias_lr_mult=2.0)},
            'epoch_1.pth: found the optimizer of another training',
        ),
    ],
)
def test_resume_of_another_training(tiny_config, tmp_path, options, message):
    arguments = dict(work_dir=str(tmp_path), validate=False)
    train(str(tiny_config), cfg_options=ONE_EPOCH, **arguments)
    with pytest.raises(ValueError, match=message):
        train(str(tiny_config), resume='auto', cfg_options=options, **arguments)


def test_auto_scale_lr_needs_a_base(tiny_config, tmp_path):
    with pytest.raises(ValueError, match='no `auto_scale_lr`'):
        train(str(tiny_config), work_dir=str(tmp_path), auto_scale_lr=True)
    scaled = train(
        str(tiny_config),
        work_dir=str(tmp_path),
        validate=False,
        auto_scale_lr=True,
        cfg_options={**ONE_EPOCH, 'auto_scale_lr.base_batch_size': 8},
    )
    assert scaled.optim_wrapper.param_groups[0]['initial_lr'] == pytest.approx(0.005)


def test_amp(tiny_config, tmp_path, monkeypatch):
    configs = []
    monkeypatch.setattr(training, 'get_device', lambda: 'cuda')
    monkeypatch.setattr(training, 'build_runner', lambda cfg: Recorder(cfg, configs))
    train(str(tiny_config), work_dir=str(tmp_path), amp=True)
    assert configs[0].optim_wrapper.type == 'AmpOptimWrapper'
    assert configs[0].optim_wrapper.loss_scale == 'dynamic'


class Recorder:
    """In place of a runner, where the machine cannot train so."""

    model, train_loop = torch.nn.Identity(), None

    def __init__(self, cfg, configs):
        configs.append(cfg)

    def register_hook(self, hook):
        pass

    def train(self):
        pass
