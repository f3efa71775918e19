# Copyright (c) mmacnn authors. All rights reserved.
"""Reading a config file, and what the command line puts over it."""

import tempfile
from pathlib import Path

from mmengine.config import Config

from mmacnn.utils import InputError, full_disk_named
from mmacnn.utils.user_errors import describe

from .building import config_errors
from .config_keys import check_keys, check_options
from .plugins import check_plugins
from .shared_settings import SHARED, set_loader, share_settings


def load_config(
    path: str,
    work_dir: str | None = None,
    launcher: str = 'none',
    cfg_options: dict | None = None,
) -> Config:
    """Read a config file and put what the user chose on the command line over it.

    A ``category``, ``data_root``, ``classes`` or ``img_scale`` at its top, or in
    ``cfg_options``, is that of all its data sets, see
    :func:`mmacnn.engine.shared_settings.share_settings`. So is a ``depth`` that of all
    its loaders of images. mmcv's loader of images becomes
    :class:`mmacnn.datasets.transforms.LoadAnyDepthImage`, which reads 8 bits alike.

    Args:
        path: Config file.
        work_dir: Folder of logs and checkpoints. Without it the config's ``work_dir``,
            or else ``./work_dirs/NAME_OF_CONFIG``.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        cfg_options: Settings to override, with dotted keys.

    Raises:
        FileNotFoundError: There is no such file, or one of its bases is missing.
        InputError: The file is no config, a key is a typing error (see
            :func:`mmacnn.engine.config_keys.check_keys`), an override does not fit it,
            or the backbone has no room for a plug-in.
    """
    # mmengine copies the file there.
    with full_disk_named(tempfile.gettempdir()), config_errors(path, '', Exception):
        cfg = Config.fromfile(path)
    options = dict(cfg_options or {})
    with config_errors(path, '', Exception):
        check_keys(cfg)
        check_options(cfg, options)
        share_settings(cfg, options)
    options = {key: value for key, value in options.items() if key not in SHARED}
    try:
        cfg.merge_from_dict(options)
    except (AssertionError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f'{path}: --cfg-options does not fit the config: {describe(error)}'
        ) from error
    set_loader(cfg)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', Path(path).stem))
    cfg.launcher = launcher
    with config_errors(path):
        check_plugins(cfg)
    return cfg
