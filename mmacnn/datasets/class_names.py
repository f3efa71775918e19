# Copyright (c) mmacnn authors. All rights reserved.
"""Names of classes, from a config or a file."""

import os
from collections.abc import Sequence

from mmacnn.utils import InputError, read_text
from mmacnn.utils.text import short

from .image_files import require_folder
from .yolo_folder import CLASSES_FILE


def check_class_names(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Return the names as a tuple.

    Args:
        names: The names.
        where: Where they were found, for messages.

    Raises:
        InputError: If there is none, or one is no text, empty, or there twice.
    """
    if not names:
        raise InputError(f'{where}: found no class name, expected at least one')
    first_at: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if not isinstance(name, str) or not name.strip():
            raise InputError(
                f'{where}, name {number}: found {short(name)}, expected the name of a '
                'class as text'
            )
        if name in first_at:
            raise InputError(
                f'{where}, name {number}: found {short(name)} again after name '
                f'{first_at[name]}, expected different names'
            )
        first_at[name] = number
    return tuple(names)


def read_class_names(path: str) -> tuple[str, ...]:
    """Return the names in a file that has one name a line.

    Raises:
        FileNotFoundError: If there is no such file.
        InputError: If it is empty or a name is wrong; see :func:`check_class_names`.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f'{path}: found no such file, expected one class name a line'
        )
    names = [line.strip() for line in read_text(path).rstrip().splitlines()]
    return check_class_names(names, path)


def find_class_names(data_root: str, label_dir: str) -> tuple[str, ...]:
    """Return the names in the ``classes.txt`` that belongs to a data set.

    It is looked for in ``data_root``, in the folder above and beside the labels.

    Raises:
        FileNotFoundError: If it is in none of them, or there is no ``data_root``.
        InputError: If it is empty or a name is wrong.
    """
    require_folder(data_root, 'a data set')
    above = os.path.dirname(os.path.abspath(data_root))
    folders = (data_root, above, label_dir)
    for folder in folders:
        path = os.path.join(folder, CLASSES_FILE)
        if os.path.isfile(path):
            return read_class_names(path)
    raise FileNotFoundError(
        f'{os.path.join(data_root, CLASSES_FILE)}: found no such file, nor one in '
        f'{above} or {label_dir}, expected one class name a line, or the names given '
        '(`classes` in a config, --classes of a tool)'
    )
