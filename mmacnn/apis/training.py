# Copyright (c) mmacnn authors. All rights reserved.
"""Training from a config file."""

import logging
from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.runner import Runner, find_latest_checkpoint

from .config import build_runner, check_num_classes, load_checkpoint, load_config


def train(
    config: str,
    work_dir: str | None = None,
    resume: str | None = None,
    amp: bool = False,
    validate: bool = True,
    auto_scale_lr: bool = False,
    launcher: str = 'none',
    cfg_options: dict | None = None,
) -> Runner:
    """Train the model of a config.

    Args:
        config: Config file.
        work_dir: Folder of logs and checkpoints. Without it the config's ``work_dir``,
            or else ``./work_dirs/NAME_OF_CONFIG``.
        resume: A checkpoint to go on from, or ``'auto'``: the latest one in
            ``work_dir``, and from the start if there is none yet.
        amp: Train in automatic mixed precision (needs an accelerator).
        validate: Evaluate during training, as the config says.
        auto_scale_lr: Scale the learning rate by the batch size that is really used.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        cfg_options: Settings to override, with dotted keys.

    Returns:
        The runner, with the trained model in it.

    Raises:
        FileNotFoundError: The config, the checkpoint or the data are not there.
        ValueError, KeyError: The config or the data are wrong.
    """
    cfg = load_config(config, work_dir, launcher, cfg_options)
    if amp:
        if get_device() == 'cpu':
            raise ValueError('--amp needs an accelerator, and PyTorch found none')
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if not validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if auto_scale_lr:
        if 'auto_scale_lr' not in cfg:
            raise KeyError(f'{config}: no `auto_scale_lr` to scale the rate by')
        cfg.auto_scale_lr.enable = True
    if resume is not None:
        _set_resume(cfg, resume)
    runner = build_runner(cfg)
    check_num_classes(runner.model, runner.train_loop, config)
    runner.train()
    return runner


def _set_resume(cfg: Config, resume: str) -> None:
    cfg.resume = True
    if resume == 'auto':
        cfg.load_from, state = _latest_checkpoint(cfg.work_dir)
    else:
        cfg.load_from, state = resume, load_checkpoint(resume)
    # Only to fail at once, with a line that names the file.
    if cfg.load_from is not None and 'optimizer' not in state:
        raise ValueError(
            f'{cfg.load_from}: weights alone, no state of a training to resume; to '
            f'start from these weights use --cfg-options load_from={cfg.load_from}'
        )


def _latest_checkpoint(work_dir: str) -> tuple[str | None, dict]:
    """The last whole checkpoint of a training, and what is in it.

    mmengine writes its name into ``last_checkpoint``; where the disk was full or the
    process was killed, that file or the checkpoint may be torn.

    Raises:
        ValueError: None of them can be read.
    """
    folder = Path(work_dir)
    found = [*folder.glob('epoch_*.pth'), *folder.glob('iter_*.pth')]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    names = list(map(str, found))
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
        raise ValueError(f'{work_dir}: found no whole checkpoint to resume: {problem}')
    return None, {}
