# Copyright (c) mmacnn authors. All rights reserved.
"""Something to do when a library has been imported, and not before.

``import mmacnn`` would else import torch, for which every ``--help`` waits seconds.
"""

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


def after_import(name: str, action: Callable[[], None]) -> None:
    """Call ``action`` when a module is there: now, or at the end of its import.

    Args:
        name: The module's full name.
        action: Called once. It may import other modules; those that are importing this
            one are not complete yet.
    """
    if name in sys.modules and name not in _FINDER.actions:
        action()
        return
    _FINDER.actions.setdefault(name, []).append(action)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


class _Finder(MetaPathFinder):
    """Finds what Python's own finder does, with actions behind the import."""

    def __init__(self) -> None:
        self.actions: dict[str, list[Callable[[], None]]] = {}

    def find_spec(self, fullname, path=None, target=None) -> ModuleSpec | None:
        if fullname not in self.actions:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            for action in self.actions.pop(fullname, ()):
                action()

        spec.loader.exec_module = exec_module
        return spec


_FINDER = _Finder()
