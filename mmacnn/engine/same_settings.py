# Copyright (c) mmacnn authors. All rights reserved.
"""A folder of several trainings keeps those of one config and its settings."""

import hashlib
import json
from pathlib import Path

import mmengine
from mmengine.config import Config

from mmacnn.utils import InputError, atomic_write

SETTINGS_FILE = 'settings.json'


def check_settings(cfg: Config, path: str, folder: Path, **others: object) -> None:
    """Refuse to mix results, and to go on with a training, of other settings.

    Args:
        cfg: The config.
        path: Its file, for the message.
        folder: Of the results; gets ``settings.json``.
        **others: What else the results depend on.

    Raises:
        InputError: The folder holds results of other settings.
    """
    plain = {
        k: v for k, v in cfg.to_dict().items() if k not in ('work_dir', 'launcher')
    }
    text = json.dumps(plain | others, sort_keys=True, default=str)
    settings = dict(config=path, sha256=hashlib.sha256(text.encode()).hexdigest())
    file = folder / SETTINGS_FILE
    if file.is_file():
        found = mmengine.load(file)
        if found.get('sha256') != settings['sha256']:
            raise InputError(
                f'{file}: found results of {found.get("config")} with other settings, '
                'expected the same ones; name another --work-dir'
            )
    else:
        with atomic_write(file) as unfinished:
            mmengine.dump(settings, unfinished, indent=2)
