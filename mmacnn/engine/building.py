# Copyright (c) mmacnn authors. All rights reserved.
"""Mistakes in a config, which a library finds, as errors that name the config.

mmengine, mmdet and mmpretrain end them with a KeyError, a TypeError or an assertion,
as bugs do. Where such an error was raised tells the two apart.
"""

import inspect
import re
import traceback
from collections.abc import Callable, Iterator
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
    errors = config_errors(config.filename or 'config', 'model', cfg=config)
    with DefaultScope.overwrite_default_scope(scope), errors:
        return MODELS.build(settings)


@contextmanager
def config_errors(
    path: str,
    key: str = '',
    mistakes: type[Exception] | tuple = MISTAKES,
    cfg: dict | None = None,
) -> Iterator[None]:
    """Turn a config's mistake, while something is read or built from it, to one line.

    It is the config's mistake if a library raised the error, or if a call took other
    arguments than the config gave it. An error from a line of this package is a bug
    and keeps its traceback.

    Args:
        path: The config file, for the message.
        key: What is built, such as ``model``.
        mistakes: What a library raises.
        cfg: The config, in which the key of an unexpected argument is looked for.

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
        argument = _unexpected(error, build)
        if argument:
            kind = build.f_locals.get('obj_type')
            key = _key_of(cfg, kind, argument) or key
            reason = _unexpected_argument(kind, build.f_locals['obj_cls'], argument)
        else:
            reason = _reason(error, build, inside)
        where = ': '.join(filter(None, (path, key)))
        raise InputError(f'{where}: {reason}') from error


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
    if _unexpected(error, build):
        return True
    if MISSING.search(str(error)) and inside:
        code = inside[-1].f_code  # a constructor that hands on what it was given
        if code.co_name == '__init__' and code.co_flags & CO_VARKEYWORDS:
            return True
    return not any(map(_is_ours, inside))


def _unexpected(error: Exception, build: FrameType | None) -> str | None:
    """The argument of a config that what was built does not take."""
    found = UNEXPECTED.search(str(error))
    is_given = found and build and found[1] in build.f_locals['args']
    return found[1] if is_given and 'obj_cls' in build.f_locals else None


def _unexpected_argument(kind: str | type, cls: Callable, argument: str) -> str:
    name = kind if isinstance(kind, str) else cls.__name__
    known: dict[str, None] = {}
    # Arguments that are handed on are those of the classes above.
    for each in inspect.getmro(cls)[:-1] if inspect.isclass(cls) else [cls]:
        known |= dict.fromkeys(inspect.signature(each).parameters)
    names = [each for each in known if each not in ('args', 'kwargs')]
    nearest = get_close_matches(argument, names, 1)
    expected = repr(nearest[0]) if nearest else f'one of {", ".join(names) or "none"}'
    return f'{name} takes no argument {argument!r}, expected {expected}'


def _key_of(cfg: object, kind: str | type, argument: str, key: str = '') -> str:
    """Where in a config a dict of this type has this argument; '' if nowhere."""
    if isinstance(cfg, dict | Config):
        if argument in cfg and key and cfg.get('type', kind) == kind:
            return f'{key}.{argument}'
        items = cfg.items()
    else:
        items = enumerate(cfg) if isinstance(cfg, list | tuple) else ()
    places = (
        _key_of(value, kind, argument, f'{key}.{part}' if key else str(part))
        for part, value in items
    )
    return next(filter(None, places), '')


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
    found = f'found the type {kind!r}, which is no registered {registry.name}'
    scope, dot, name = kind.rpartition('.')
    full = next((each for each in names if each.endswith(f'.{name}')), None)
    if full and not dot:
        return f'{found}, expected {full!r}, with its package'
    if dot and not any(each.startswith(f'{scope}.') for each in names):
        return f'{found}; a package {scope!r} must be imported by custom_imports'
    # The last part counts: a scope alone makes no names alike.
    by_name = {each.rpartition('.')[2]: each for each in reversed(names)}
    nearest = get_close_matches(name, by_name, 1)
    hint = f'is {by_name[nearest[0]]!r} meant? ' if nearest else ''
    return f'{found}; {hint}(one of your own needs its module in custom_imports)'
