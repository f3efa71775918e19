# Copyright (c) mmacnn authors. All rights reserved.
"""Let ``torch.load`` read mmengine's own checkpoints.

Upstream: mmengine #1655, PR #1650. Since torch 2.6 ``torch.load`` unpickles tensors and
plain containers only, and mmengine's checkpoints also hold the history of the logged
scalars: a ``HistoryBuffer`` of two numpy arrays. These classes, which hold data and
run nothing, join torch's allow-list; a checkpoint with any other class stays refused.

A ``HistoryBuffer`` is pickled with its methods, as ``getattr(HistoryBuffer, 'mean')``.
To allow the real ``getattr``, as is often advised, would give a crafted checkpoint the
run of the interpreter; the name is bound to a function that knows this one use.
"""

import logging
from collections.abc import Callable
from pickle import UnpicklingError

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

logger = logging.getLogger(__name__)

# The kinds of numbers that a log or a metric holds.
SCALARS = (
    'bool',
    'int8',
    'uint8',
    'int16',
    'int32',
    'int64',
    'float16',
    'float32',
    'float64',
)


def apply() -> None:
    """Extend torch's allow-list, if ``weights_only`` is the default (torch >= 2.6)."""
    version = tuple(int(part) for part in torch.__version__.split('.')[:2])
    if version < (2, 6):
        return
    torch.serialization.add_safe_globals(_classes_of_checkpoints())
    logger.debug('torch.load may read HistoryBuffer and numpy arrays of numbers')


def _classes_of_checkpoints() -> list:
    """The classes, each with the names that numpy 1 and numpy 2 pickle it under."""
    reconstruct = np.ndarray(0).__reduce__()[0]
    scalar = np.float64(0).__reduce__()[0]
    classes = [
        HistoryBuffer,
        np.ndarray,
        np.dtype,
        (_getattr_of_history_buffer, 'builtins.getattr'),
    ]
    for package in ('numpy.core.multiarray', 'numpy._core.multiarray'):
        classes.append((reconstruct, f'{package}._reconstruct'))
        classes.append((scalar, f'{package}.scalar'))
    # From numpy 1.25 on, a dtype is an instance of a class of its own.
    classes += [type(np.dtype(name)) for name in SCALARS]
    return classes


def _getattr_of_history_buffer(owner: object, name: str) -> Callable:
    """Look up a public method of ``HistoryBuffer``, and nothing else."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise UnpicklingError(f'getattr({owner!r}, {name!r}) is not allowed')
    return getattr(HistoryBuffer, name)
