# Copyright (c) mmacnn authors. All rights reserved.
"""What training and testing share: the config, the runner and the checkpoint."""

from pathlib import Path

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import CheckpointLoader, Runner


def load_config(
    path: str,
    work_dir: str | None = None,
    launcher: str = 'none',
    cfg_options: dict | None = None,
) -> Config:
    """Read a config file and put what the user chose on the command line over it.

    Args:
        path: Config file.
        work_dir: Folder of logs and checkpoints. Without it the config's ``work_dir``,
            or else ``./work_dirs/NAME_OF_CONFIG``.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        cfg_options: Settings to override, with dotted keys.

    Raises:
        FileNotFoundError: There is no such file, or one of its bases is missing.
        ValueError: An override does not fit the config.
    """
    cfg = Config.fromfile(path)
    try:
        cfg.merge_from_dict(cfg_options or {})
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: --cfg-options does not fit the config: {error.args[0]}'
        ) from error
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', Path(path).stem))
    cfg.launcher = launcher
    return cfg


def build_runner(cfg: Config) -> Runner:
    """Build the runner that the config names, or mmengine's own."""
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return Runner.from_cfg(cfg)


def load_checkpoint(path: str) -> dict:
    """Read a checkpoint on the CPU.

    Args:
        path: A file, or an address that mmengine knows (``http://``, ``mmpretrain://``).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, or holds more than weights and logged numbers.
    """
    if '://' not in path and not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such checkpoint')
    try:
        checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    except Exception as error:  # zip, pickle and torch each fail in their own ways
        reason = str(error).strip().partition('\n')[0]
        raise ValueError(f'{path}: not a readable checkpoint: {reason}') from error
    if not isinstance(checkpoint, dict):
        found = type(checkpoint).__name__
        raise ValueError(f'{path}: expected a dict of weights, found {found}')
    return checkpoint
