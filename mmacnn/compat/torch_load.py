# Copyright (c) mmacnn authors. All rights reserved.
"""Let a checkpoint hold weights and logged numbers, and nothing that runs.

Upstream: mmengine #1655, PR #1650. Since torch 2.6 ``torch.load`` unpickles tensors and
plain containers only, and mmengine's checkpoints also hold the history of the logged
scalars: a ``HistoryBuffer`` of two numpy arrays. These classes, which hold data and
run nothing, join torch's allow-list; a checkpoint with any other class stays refused.

Two ways round that refusal are closed as well: before torch 2.6 ``torch.load``
unpickles everything, and what mmengine downloads from ``http://`` URLs, those of
its model zoos among them, is unpickled without the check by every torch.
OneDL's fork of mmengine repeats a refused reading without the check; that is replaced.

A ``HistoryBuffer`` is pickled with its methods, as ``getattr(HistoryBuffer, 'mean')``.
To allow the real ``getattr``, as is often advised, would give a crafted checkpoint the
run of the interpreter; the name is bound to a function that knows this one use.
"""

import logging
import os
import os.path as osp
import pickle
import re
import zipfile
from collections.abc import Callable
from pickle import UnpicklingError
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from .after_import import after_import

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


# torch stores its records as they are, so a file that grows is none of torch's.
MOST_GROWTH = 20


def apply() -> None:
    """Extend torch's allow-list, and send mmengine's loaders through it."""
    after_import('mmengine.utils.dl_utils', _replace_load_url)
    if _is_checked_by_torch():
        torch.serialization.add_safe_globals(_classes_of_checkpoints())
        logger.debug('torch.load may read HistoryBuffer and numpy arrays of numbers')
    after_import('mmengine.runner.checkpoint', replace_loaders)


def _replace_load_url() -> None:
    from mmengine.utils import dl_utils

    dl_utils.load_url = load_url  # where mmengine.runner takes it from


def replace_loaders() -> None:
    """Let mmengine's ``CheckpointLoader`` read with :func:`load_from_local`."""
    from mmengine.runner import checkpoint

    checkpoint.CheckpointLoader.register_scheme('', load_from_local, force=True)
    checkpoint.load_url = load_url
    if hasattr(checkpoint, '_safe_torch_load'):  # OneDL's
        checkpoint._safe_torch_load = _read


def _is_checked_by_torch() -> bool:
    version = tuple(int(part) for part in torch.__version__.split('.')[:2])
    return version >= (2, 6)


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Read a checkpoint's file as mmengine's function of this name, but safely.

    Args:
        filename: The file.
        map_location: See :func:`torch.load`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, or holds more than weights and logged numbers.
    """
    path = osp.expanduser(filename)
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: no such checkpoint')
    try:
        _check_size(path)
        return _read(path, map_location)
    except Exception as error:  # zip, pickle and torch each fail in their own ways
        # What torch says before this advises to read the file without the check.
        reason = str(error).rpartition('WeightsUnpickler error:')[2].strip()
        reason = reason.partition('\n')[0]
        found = re.search(r'GLOBAL ([\w.]+)', str(error))
        if found:
            reason = (
                f'found {found[1]} in it, expected weights and logged numbers alone '
                '(with more, reading it could run any program)'
            )
        raise ValueError(f'{path}: not a readable checkpoint: {reason}') from error


def load_url(
    url: str, model_dir: str | None = None, map_location: Any = None, progress=True
) -> Any:
    """Download a checkpoint as ``torch.hub.load_state_dict_from_url``; read it safely.

    Args:
        url: Where it comes from.
        model_dir: Where it is kept; the folder of torch's hub by default.
        map_location: See :func:`torch.load`.
        progress: Whether to show how far the download is.

    Raises:
        ValueError: See :func:`load_from_local`.
    """
    folder = model_dir or osp.join(torch.hub.get_dir(), 'checkpoints')
    os.makedirs(folder, exist_ok=True)
    path = osp.join(folder, osp.basename(urlparse(url).path))
    if not osp.exists(path):
        torch.hub.download_url_to_file(url, path, progress=progress)
    return load_from_local(path, map_location)


def _read(file: Any, map_location: Any = None, weights_only: Any = None) -> Any:
    """``torch.load``, always with the check: ``weights_only`` changes nothing."""
    if _is_checked_by_torch():
        return torch.load(file, map_location=map_location, weights_only=True)
    return torch.load(
        file, map_location=map_location, pickle_module=SAFE_PICKLE, weights_only=False
    )


def _check_size(path: str) -> None:
    """Refuse a zip file that unpacks to far more than its size."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as records:
        unpacked = sum(record.file_size for record in records.infolist())
    if unpacked > MOST_GROWTH * osp.getsize(path):
        raise ValueError(f'found {unpacked} bytes packed into {osp.getsize(path)}')


class _Unpickler(pickle.Unpickler):
    """Finds what torch's own safe unpickler knows, and mmengine's history."""

    def find_class(self, module: str, name: str) -> Any:
        if module == '__builtin__':  # as Python 2 called it, and protocol 2 does
            module = 'builtins'
        known = _known_names()
        if f'{module}.{name}' not in known:
            raise UnpicklingError(f'GLOBAL {module}.{name} is not allowed')
        return known[f'{module}.{name}']


def _load(file: Any, **settings: Any) -> Any:
    return _Unpickler(file, **settings).load()


SAFE_PICKLE = SimpleNamespace(__name__='pickle', Unpickler=_Unpickler, load=_load)


def _known_names() -> dict[str, Any]:
    from torch._weights_only_unpickler import _get_allowed_globals

    known = dict(_get_allowed_globals())
    for entry in _classes_of_checkpoints():
        item, name = entry if isinstance(entry, tuple) else (entry, None)
        known[name or f'{item.__module__}.{item.__qualname__}'] = item
    # Before numpy 1.25 and for protocol 2, a dtype and bytes are pickled by these.
    known |= {'numpy.dtype': np.dtype, '_codecs.encode': _encode}
    return known


def _encode(text: str, encoding: str) -> bytes:
    if encoding != 'latin1':
        raise UnpicklingError(f'bytes in {encoding!r} are not allowed')
    return text.encode(encoding)


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
