# Copyright (c) mmacnn authors. All rights reserved.
"""Mistakes in a config, which a library finds, as errors that name the config.

mmengine, mmdet and mmpretrain end them with a KeyError, a TypeError or an assertion,
as bugs do. Where such an error was raised tells the two apart.
"""

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from difflib import get_close_matches
from inspect import CO_VARKEYWORDS
from types import FrameType

from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope, Registry
from torch import nn

from mmacnn.utils import InputError
from mmacnn.utils.user_errors import describe

MISTAKES = (
    *(AssertionError, AttributeError, ImportError, KeyError, TypeError, ValueError),
)
UNEXPECTED = re.compile(r"got an unexpected keyword argument '(\w+)'")
MISSING = re.compile(r'missing \d+ required .*argument')


def build_model(config: Config, scope: str | None = None) -> nn.Module:
    """Build the model of a config.

    Args:
        config: With ``model``, and ``data_preprocessor`` in it or beside it.
        scope: Where types without a scope are looked for if the config has no
            ``default_scope``.

    Raises:
        InputError: The config is wrong.
    """
    settings = deepcopy(config.model)
    if 'data_preprocessor' in config:  # mmpretrain's configs have it beside the model
        settings.setdefault('data_preprocessor', config.data_preprocessor)
    scope = config.get('default_scope') or scope
    errors = config_errors(config.filename or 'config', 'model')
    with DefaultScope.overwrite_default_scope(scope), errors:
        return MODELS.build(settings)


@contextmanager
def config_errors(
    path: str, key: str = '', mistakes: type[Exception] | tuple = MISTAKES
) -> Iterator[None]:
    """Turn a config's mistake, while something is read or built from it, to one line.

    It is the config's mistake if a library raised the error, or if a call took other
    arguments than the config gave it. An error from a line of this package is a bug
    and keeps its traceback.

    Args:
        path: The config file, for the message.
        key: What is built, such as ``model``.
        mistakes: What a library raises.

    Raises:
        InputError: There is a mistake in the config.
    """
    try:
        yield
    except (InputError, OSError):
        raise
    except mistakes as error:
        # The first two frames are this one and that of the `with`.
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][2:]
        builds = [i for i, frame in enumerate(frames) if _is_build(frame)]
        build = frames[builds[-1]] if builds else None
        inside = frames[builds[-1] + 1 :] if builds else frames
        if not _is_mistake(error, build, inside):
            raise
        where = ': '.join(filter(None, (path, key)))
        raise InputError(f'{where}: {_reason(error, build, inside)}') from error


def _is_build(frame: FrameType) -> bool:
    return frame.f_code.co_name == 'build_from_cfg' and 'args' in frame.f_locals


def _is_mistake(
    error: Exception, build: FrameType | None, inside: list[FrameType]
) -> bool:
    """Whether the config is wrong.

    Args:
        error: What was raised.
        build: Where the last object was built from the config.
        inside: Calls from there to where it was raised.
    """
    if inside and _module(inside[-1]).startswith('mmengine.config'):
        return True  # a key that the config lacks, whoever asked for it
    if isinstance(error, AttributeError):
        return False
    given = build.f_locals['args'] if build else {}
    unexpected = UNEXPECTED.search(str(error))
    if unexpected and unexpected[1] in given:
        return True
    if MISSING.search(str(error)) and inside:
        code = inside[-1].f_code  # a constructor that hands on what it was given
        if code.co_name == '__init__' and code.co_flags & CO_VARKEYWORDS:
            return True
    return not any(map(_is_ours, inside))


def _is_ours(frame: FrameType) -> bool:
    # `compat` raises what the library does that it stands in for.
    module = f'{_module(frame)}.'
    return module.startswith('mmacnn.') and not module.startswith('mmacnn.compat.')


def _module(frame: FrameType) -> str:
    return frame.f_globals.get('__name__', '')


def _reason(error: Exception, build: FrameType | None, inside: list[FrameType]) -> str:
    values = build.f_locals if build else {}
    kind = values.get('obj_type')
    if not isinstance(error, KeyError) or inside or not isinstance(kind, str):
        name = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
        return ': '.join(filter(None, (name, describe(error))))
    return _unknown_type(kind, values['registry'])


def check_type(kind: str | type, registry: Registry, where: str) -> None:
    """Look whether a config's type is there, where a library does not say it.

    Raises:
        InputError: It is not.
    """
    if isinstance(kind, str) and registry.get(kind) is None:
        raise InputError(f'{where}: {_unknown_type(kind, registry)}')


def _unknown_type(kind: str, registry: Registry) -> str:
    names, parent = [], registry
    while parent is not None:
        names += parent.module_dict
        for scope, child in parent.children.items():
            known = child.names() if hasattr(child, 'names') else child.module_dict
            names += (f'{scope}.{name}' for name in known)
        parent = parent.parent
    nearest = get_close_matches(kind, names, 1)
    hint = f'; is {nearest[0]!r} meant?' if nearest else ''
    return f'found the type {kind!r}, which is no registered {registry.name}{hint}'
