# Copyright (c) mmacnn authors. All rights reserved.
"""Reading a config file, and what the command line puts over it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from mmacnn.utils import InputError, full_disk_named
from mmacnn.utils.user_errors import describe

from .building import config_errors
from .plugins import check_plugins

LOADER = 'LoadAnyDepthImage'


def load_config(
    path: str,
    work_dir: str | None = None,
    launcher: str = 'none',
    cfg_options: dict | None = None,
) -> Config:
    """Read a config file and put what the user chose on the command line over it.

    A ``category`` at its top, or in ``cfg_options``, is that of all its data sets: a
    line chooses the part of MVTec AD, and not one line for each dataloader. So is a
    ``depth`` that of all its loaders of images. mmcv's loader of images becomes
    :class:`mmacnn.datasets.transforms.LoadAnyDepthImage`, which reads 8 bits alike.

    Args:
        path: Config file.
        work_dir: Folder of logs and checkpoints. Without it the config's ``work_dir``,
            or else ``./work_dirs/NAME_OF_CONFIG``.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        cfg_options: Settings to override, with dotted keys.

    Raises:
        FileNotFoundError: There is no such file, or one of its bases is missing.
        InputError: The file is no config, an override does not fit it, or the backbone
            has no room for a plug-in.
    """
    # mmengine copies the file there.
    with full_disk_named(tempfile.gettempdir()), config_errors(path, '', Exception):
        cfg = Config.fromfile(path)
    options = dict(cfg_options or {})
    _set_category(cfg, options.pop('category', cfg.get('category')))
    try:
        cfg.merge_from_dict(options)
    except (AssertionError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f'{path}: --cfg-options does not fit the config: {describe(error)}'
        ) from error
    _set_loader(cfg)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', Path(path).stem))
    cfg.launcher = launcher
    with config_errors(path):
        check_plugins(cfg)
    return cfg


def _set_category(cfg: Config, category: str | None) -> None:
    """Write the category into all data sets that have one."""
    if category is None:
        return
    cfg.category = category
    for value in _dicts_of_dataloaders(cfg):
        if 'category' in value:
            value['category'] = category


def _set_loader(cfg: Config) -> None:
    """Let all pipelines read images by one loader, of one depth where it is given."""
    for step in _dicts_of_dataloaders(cfg):
        kind = step.get('type')
        name = kind.rpartition('.')[2] if isinstance(kind, str) else ''
        if name == 'LoadImageFromFile' and step.keys() <= {'type', 'backend_args'}:
            name, step['type'] = LOADER, f'mmacnn.{LOADER}'
        if name == LOADER and 'depth' in cfg:
            step['depth'] = cfg.depth


def _dicts_of_dataloaders(cfg: Config) -> Iterator[dict]:
    """All settings of data sets, and those in them."""
    pending = [value for key, value in cfg.items() if key.endswith('_dataloader')]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            yield value
            pending += value.values()  # data sets can hold data sets
        elif isinstance(value, (list, tuple)):
            pending += value
