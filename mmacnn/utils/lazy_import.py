# Copyright (c) mmacnn authors. All rights reserved.
"""Packages whose public names are imported when they are first used."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_import(
    package: str, names: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make a package's ``__getattr__``, ``__dir__`` and ``__all__`` (PEP 562).

    Args:
        package: ``__name__`` of the package.
        names: Module of the package to the public names that it defines; a module
            without names is public itself.

    Raises:
        ValueError: A name is also that of a module, which Python would put in its
            place as soon as anybody imports the module.

    Example:
        >>> __getattr__, __dir__, __all__ = lazy_import(
        ...     'mmacnn.models.classifiers', {'acnn': ['ACNN']}
        ... )
        >>> __all__
        ['ACNN']
    """
    origins = {name: module for module, defined in names.items() for name in defined}
    if clash := origins.keys() & names.keys():
        raise ValueError(f'{package}: modules and public names alike: {sorted(clash)}')
    public = sorted([*origins, *(module for module in names if not names[module])])

    def get(name: str) -> Any:
        if name not in public:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        module = import_module(f'{package}.{origins.get(name, name)}')
        value = getattr(module, name) if name in origins else module
        setattr(sys.modules[package], name, value)  # The next time is a plain look-up.
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *public})

    return get, list_names, public
