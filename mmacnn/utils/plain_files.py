# Copyright (c) mmacnn authors. All rights reserved.
"""Files of plain values, read without trust in who wrote them."""

import json
import os.path as osp
import pickle
from typing import Any, NoReturn

import numpy as np

from .input_error import InputError

# What a pickle of plain values and numpy arrays needs, by the names of numpy 1 and 2.
_RECONSTRUCT = np.ndarray(0).__reduce__()[0]
_SCALAR = np.float64(0).__reduce__()[0]
PLAIN = {
    ('numpy', 'ndarray'): np.ndarray,
    ('numpy', 'dtype'): np.dtype,
    # A str, which torch gives a class of its own.
    ('torch.torch_version', 'TorchVersion'): str,
    ('_codecs', 'encode'): lambda text, encoding: text.encode('latin1'),
    **{
        (f'numpy.{package}.multiarray', name): function
        for package in ('core', '_core')
        for name, function in (('_reconstruct', _RECONSTRUCT), ('scalar', _SCALAR))
    },
}
LARGEST_TEXT = 1 << 28  # Bytes; a file of labels has a few thousand.


class PlainUnpickler(pickle.Unpickler):
    """Reads numbers, strings, containers and numpy arrays; refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in PLAIN:
            raise pickle.UnpicklingError(f'{module}.{name}')
        return PLAIN[module, name]


def read_pickle(path: str, expected: str) -> Any:
    """Read a pickle of plain values and numpy arrays.

    Args:
        path: The file.
        expected: What it should be, for the message.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is no pickle, or holds something else: reading that could run
            any program.
    """
    _require(path, expected)
    try:
        with open(path, 'rb') as file:
            return PlainUnpickler(file).load()
    except OSError:
        raise
    except Exception as error:  # a broken pickle fails in any way
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise InputError(f'{path}: expected {expected}, found {reason}') from None


def read_text(path: str) -> str:
    """Return a text file's content without a byte order mark.

    Raises:
        FileNotFoundError: If it is missing, or no file.
        InputError: If it is not UTF-8, or larger than 256 MB.
    """
    if not osp.isfile(path):  # a pipe would wait for ever
        raise FileNotFoundError(f'{path}: found no such file, expected a text file')
    if osp.getsize(path) > LARGEST_TEXT:
        raise InputError(
            f'{path}: found {osp.getsize(path)} bytes, expected a text file'
        )
    with open(path, encoding='utf-8-sig') as file:
        try:
            return file.read()
        except UnicodeDecodeError:
            raise InputError(
                f'{path}: found bytes that are not UTF-8 text, expected a text file'
            ) from None


def read_json(path: str, expected: str, nan: bool = False) -> Any:
    """Read JSON in UTF-8, with a byte order mark or without.

    Args:
        path: The file.
        expected: What it should be, for the message.
        nan: Whether NaN and infinite numbers may be in it, which JSON does not know.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is no JSON, is nested too deeply, or has a key twice.
    """
    _require(path, expected)
    try:
        with open(path, encoding='utf-8-sig') as file:
            return json.load(
                file,
                parse_constant=float if nan else _refuse_constant,
                object_pairs_hook=_as_dict,
            )
    except RecursionError:
        reason = 'values nested too deeply'
    except ValueError as error:  # also of bytes that are no text
        reason = ' '.join(str(error).split())
    raise InputError(f'{path}: expected {expected}, found {reason}')


def _require(path: str, expected: str) -> None:
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: found no such file, expected {expected}')


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f'{name}, which is no number of JSON')


def _as_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f'the key {twice[:40]!r} twice in one object')
    return found
