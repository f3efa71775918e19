# Copyright (c) mmacnn authors. All rights reserved.
"""``pkgutil.find_loader``, which Python 3.14 dropped.

Upstream: mmengine 0.10.7, ``utils/dl_utils/misc.py``, and mmcv 2.1.0,
``utils/ext_loader.py`` (no issue is open). Both ask it whether mmcv's compiled
operators are there.
"""

import pkgutil
from importlib.util import find_spec


def apply() -> None:
    """Put the function back where it is missing."""
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = find_loader


def find_loader(fullname: str):
    """The loader of a module; None if there is no such module in its package."""
    spec = find_spec(fullname)
    return None if spec is None else spec.loader
