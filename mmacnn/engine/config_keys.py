# Copyright (c) mmacnn authors. All rights reserved.
"""Keys of a config that nobody reads, because they are typing errors.

mmengine takes any key. A config's own variables are keys too, so a new one is refused
only if it looks like one that is read.
"""

import inspect
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from mmengine.config import Config
from mmengine.runner import Runner

from mmacnn.utils import InputError

ALLOW = 'allow_new_keys'
# What is read at the top of a config, by mmengine's runner or by this package.
READ = {
    *inspect.signature(Runner).parameters,
    *('custom_imports', 'runner_type', 'calibration_dataloader', ALLOW),
    *('category', 'classes', 'data_root', 'depth', 'img_scale', 'rules'),
} - {'cfg'}


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that ``name`` is probably a typing error of, None if there is none.

    A name that goes on, as ``val_evaluator_full`` does, is one of its own.
    """
    # Two letters that changed places are one of five that differ in 'modle'.
    cutoff = 0.8 if len(name) < 6 else 0.85
    for found in get_close_matches(name, list(names), 3, cutoff):
        if not (name.startswith(f'{found}_') or name.endswith(f'_{found}')):
            return found
    return None


def check_keys(cfg: Config) -> None:
    """Look for typing errors among the keys at the top of a config.

    Args:
        cfg: What the file says; ``allow_new_keys`` lists keys that are meant so.

    Raises:
        InputError: A key is unknown and nearly one that is read.
    """
    known = READ.union(cfg.get(ALLOW) or ())
    for key in cfg:
        found = None if key in known else nearest(key, READ)
        if found and not any(key in base for base in ancestors(cfg.filename)):
            raise InputError(
                f'{cfg.filename}: found the key {key!r}, expected {found!r}, or '
                f'{ALLOW} = [{key!r}] for a key of your own'
            )


def check_options(cfg: Config, options: Iterable[str]) -> None:
    """Look for typing errors in the keys of ``--cfg-options``.

    The first part of a key is in the config or read by the runner. Below it, what a
    ``type`` does not take is found when it is built; in a dict without a type, a new
    key must not be nearly one that is there.

    Args:
        cfg: The config that they are put over.
        options: Keys, with dots.

    Raises:
        InputError: There is one.
    """
    known = READ.union(cfg, cfg.get(ALLOW) or ())
    for option in options:
        first, *rest = option.split('.')
        if first not in known:
            found = get_close_matches(first, known, 1)
            raise InputError(
                f'{cfg.filename}: --cfg-options {option}: found the key {first!r}, '
                'which is not in the config'
                + (f', expected {".".join([found[0], *rest])}' if found else '')
            )
        place, value = first, cfg.get(first)
        for part in rest:
            if not isinstance(value, dict) or part in value:
                value = value.get(part) if isinstance(value, dict) else None
                place = f'{place}.{part}'
                continue
            found = None if 'type' in value else nearest(part, value)
            if found:
                raise InputError(
                    f'{cfg.filename}: --cfg-options {option}: found the key '
                    f'{place}.{part}, expected {place}.{found}'
                )
            break


def ancestors(path: str | None) -> Iterator[Config]:
    """The configs that a file is based on, and those that they are based on.

    Args:
        path: The file; without one there are none.
    """
    for base in Config._get_base_files(path) if path else ():
        base, _ = Config._get_cfg_path(base, path)
        yield Config.fromfile(base)
        yield from ancestors(base)
