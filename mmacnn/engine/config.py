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

