# Copyright (c) mmacnn authors. All rights reserved.
"""Training from a config file."""

import logging

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.hooks import CheckpointHook
from mmengine.logging import print_log
from mmengine.runner import Runner, find_latest_checkpoint

from mmacnn.engine.checkpoint import load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.engine.data_checks import warning_of_reused_test
from mmacnn.engine.determinism import algorithms_as_before, set_deterministic
from mmacnn.engine.runner import build_runner, check_num_classes
from mmacnn.engine.terminal import StartHook
from mmacnn.engine.work_dir import own_checkpoints, require_no_training
from mmacnn.utils import InputError, full_disk_named


def train(
    config: str,
    work_dir: str | None = None,
    resume: str | None = None,
    amp: bool = False,
    validate: bool = True,
    auto_scale_lr: bool = False,
    launcher: str = 'none',
    cfg_options: dict | None = None,
    deterministic: bool = False,
) -> Runner:
    """Train the model of a config.

    Checkpoints are written by :class:`mmacnn.engine.AtomicCheckpointHook`, also where
    the config names mmengine's ``CheckpointHook``.

    Args:
        config: Config file.
        work_dir: Folder of logs and checkpoints. Without it the config's ``work_dir``,
            or else ``./work_dirs/NAME_OF_CONFIG``.
        resume: A checkpoint to go on from; ``'latest'``: the last one in ``work_dir``;
            or ``'auto'``: that, and from the start, with a warning, if there is none.
        amp: Train in automatic mixed precision: in float16 with a scaled loss, and on a
            CPU in bfloat16.
        validate: Evaluate during training, as the config says.
        auto_scale_lr: Scale the learning rate by the batch size that is really used.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        cfg_options: Settings to override, with dotted keys.
        deterministic: End with the same weights, bit by bit, in every run on the same
            machine with as many threads and processes. On a GPU it is slower, and an
            operation that has no such form ends the training with its name.

    Returns:
        The runner, with the trained model in it.

    Raises:
        FileExistsError: Without ``resume``, ``work_dir`` holds an earlier training.
        FileNotFoundError: The config, a checkpoint to resume or the data are not there.
        InputError: The config or the data are wrong.
        KeyboardInterrupt: It was interrupted; the message says how it goes on.
        OSError: The disk is full; the checkpoints so far can be read.
    """
    cfg = load_config(config, work_dir, launcher, cfg_options)
    _save_atomically(cfg)
    if amp:
        _set_mixed_precision(cfg)
    if not validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise InputError(f'{config}: no `auto_scale_lr` to scale the rate by')
        cfg.auto_scale_lr.enable = True
    state = None
    if resume is None:
        require_no_training(cfg.work_dir)
    else:
        state = _set_resume(cfg, resume)
    if deterministic:
        set_deterministic(cfg)
    with algorithms_as_before(), full_disk_named(cfg.work_dir):
        runner = build_runner(cfg)
        check_num_classes(runner.model, runner.train_loop, config)
        if state is not None:
            # mmengine only warns of weights that are missing.
            load_weights(runner.model, state, cfg.load_from)
        warning = warning_of_reused_test(cfg)
        if warning:
            print_log(warning, 'current', logging.WARNING)
        begins_anew = resume is not None and state is None
        runner.register_hook(StartHook(begins_anew))
        try:
            runner.train()
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(_how_to_go_on(cfg.work_dir)) from error
    return runner


def _how_to_go_on(work_dir: str) -> str:
    found = next(iter(own_checkpoints(work_dir)), None)
    if found is None:
        return f'stopped before the first checkpoint; nothing is saved in {work_dir}'
    return f'stopped; the same command with --resume goes on from {found}'


def _set_mixed_precision(cfg: Config) -> None:
    if get_device() != 'cpu':
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
        return
    cfg.optim_wrapper.type = 'mmacnn.BFloat16OptimWrapper'
    for key in ('loss_scale', 'dtype', 'use_fsdp'):  # of AmpOptimWrapper
        cfg.optim_wrapper.pop(key, None)
    print_log(
        '--amp on a CPU: bfloat16, slower than float32 where the CPU has no '
        'instructions for it (docs/en/training.md#mixed-precision)',
        'current',
        logging.WARNING,
    )


def _save_atomically(cfg: Config) -> None:
    """Put our hook in the place of mmengine's, with the same settings."""
    hooks = dict(cfg.get('default_hooks') or {})
    # Without a word of the config, mmengine saves each epoch; None turns it off.
    hook = hooks.get('checkpoint', dict(type='CheckpointHook', interval=1))
    theirs = ('CheckpointHook', 'mmengine.CheckpointHook', CheckpointHook)
    if hook is not None and hook.get('type') in theirs:
        settings = {key: value for key, value in hook.items() if key != '_scope_'}
        hooks['checkpoint'] = settings | dict(type='mmacnn.AtomicCheckpointHook')
        cfg.default_hooks = hooks


def _set_resume(cfg: Config, resume: str) -> dict | None:
    """Let the runner resume; return the checkpoint, None if there is none."""
    if resume in ('auto', 'latest'):
        must_exist = resume == 'latest'
        resume, state = _latest_checkpoint(cfg.work_dir)
        if resume is None and must_exist:
            raise FileNotFoundError(
                f'--resume: found no checkpoint in {cfg.work_dir}, expected one to go '
                'on from (--resume auto begins anew then)'
            )
        if resume is None:
            # Killed before its first checkpoint: from the start, as configured. The
            # same command must do, since a cluster's scheduler repeats it.
            return None
    else:
        state = load_checkpoint(resume)
    # Only to fail at once, with a line that names the file.
    if 'optimizer' not in state:
        raise InputError(
            f'{resume}: weights alone, no state of a training to resume; to '
            f'start from these weights use --cfg-options load_from={resume}'
        )
    cfg.resume, cfg.load_from = True, resume
    return state


def _latest_checkpoint(work_dir: str) -> tuple[str | None, dict]:
    """The last complete checkpoint of a training, and what is in it.

    mmengine writes its name into ``last_checkpoint``; where the disk was full or the
    process was killed, that file or the checkpoint may be torn.

    Raises:
        InputError: None of them can be read.
    """
    names = list(map(str, own_checkpoints(work_dir)))
    last = find_latest_checkpoint(work_dir)
    if last:
        names = [last, *(name for name in names if name != last)]
    problem = None
    for name in names:
        try:
            return name, load_checkpoint(name)
        except (OSError, ValueError) as error:
            problem = error
            print_log(f'Skipped {error}', logger='current', level=logging.WARNING)
    if problem is not None:
        raise InputError(
            f'{work_dir}: found no complete checkpoint to resume: {problem}'
        )
    return None, {}
