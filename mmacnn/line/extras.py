# Copyright (c) mmacnn authors. All rights reserved.
"""Packages that only some stations need."""

from importlib import import_module

from .errors import LineError


def import_extra(user, module, package):
    """A module of such a package.

    Args:
        user (str): what needs it.
        module (str): its name.
        package (str): the name at the registry.

    Raises:
        LineError: it is not installed; the error says how to.
    """
    try:
        return import_module(module)
    except ImportError:
        raise LineError(
            f'{user}: needs a package, install it with: pip install {package}'
        ) from None
