# Copyright (c) mmacnn authors. All rights reserved.
"""MMDeploy finds again the functions that it rewrites.

Upstream: mmdeploy 1.3.1, ``core/rewriters`` (no issue is open). It imports a module by
``exec`` and looks a function up by ``eval``. Since Python 3.13 (PEP 667) what ``exec``
binds in a function is lost, and most functions are not found: an export fails, or would
go on without a rewriter.
"""

import sys
from contextlib import suppress
from importlib import import_module
from inspect import isclass
from operator import attrgetter
from typing import Any


def apply() -> None:
    """Replace what goes through ``exec``, on the Python versions that need it."""
    if sys.version_info >= (3, 13):
        replace()


def replace() -> None:
    """Put the functions below in the place of MMDeploy's."""
    from mmdeploy.core.rewriters import (
        function_rewriter,
        rewriter_utils,
        symbolic_rewriter,
    )

    for module in (rewriter_utils, symbolic_rewriter):
        module.eval_with_import = find
    for module in (rewriter_utils, function_rewriter):
        module.import_function = find_function
    function_rewriter._set_func = set_function
    function_rewriter._del_func = delete_function


def find(path: str) -> Any:
    """What ``path`` names: a module, or something in one.

    Args:
        path: For example ``mmdet.models.dense_heads.RPNHead.predict_by_feat``.

    Raises:
        ImportError: The package is not installed.
        AttributeError: It has no such name.
    """
    names = path.split('.')
    for end in range(len(names), 0, -1):
        with suppress(Exception):  # no module, or one that cannot be imported
            import_module('.'.join(names[:end]))
            break
    package = import_module(names[0])
    return attrgetter('.'.join(names[1:]))(package) if names[1:] else package


def find_function(path: str) -> tuple[Any, type | None]:
    """A function, and the class that it is a method of or None."""
    owner = find(path.rpartition('.')[0])
    return find(path), owner if isclass(owner) else None


def set_function(path: str, function: Any) -> None:
    """Put ``function`` where ``path`` names another.

    A function of a module is replaced wherever it was imported to.
    """
    from mmdeploy.core.rewriters.function_rewriter import _replace_all_obj

    found, owner_class = find_function(path)
    if owner_class is None:
        _replace_all_obj(found, function, ignore_keys=('origin_func',))
    owner, _, name = path.rpartition('.')
    setattr(find(owner), name, function)


def delete_function(path: str) -> None:
    """Delete what a class got by :func:`set_function` and inherited before."""
    owner, _, name = path.rpartition('.')
    with suppress(AttributeError):
        delattr(find(owner), name)
