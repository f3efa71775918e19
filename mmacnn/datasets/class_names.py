# Copyright (c) mmacnn authors. All rights reserved.
"""Names of classes, from a config or a file."""

import os
from collections.abc import Sequence

import yaml

from mmacnn.utils import InputError, read_text
from mmacnn.utils.text import short

from .image_files import require_folder
from .yolo_folder import CLASSES_FILE

YAML = 'data.yaml'


def check_class_names(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Return the names as a tuple.

    Args:
        names: The names.
        where: Where they were found, for messages.

    Raises:
        InputError: If there is none, or one is no text, empty, or there twice.
    """
    if isinstance(names, str):  # its letters would be the names
        raise InputError(
            f'{where}: found the text {short(names)}, expected a list of names (one '
            "class alone is ['scratch'] or, with a comma, ('scratch',))"
        )
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


def read_data_yaml(path: str) -> tuple[str, ...]:
    """Return the ``names`` in Ultralytics' and Roboflow's ``data.yaml``.

    Raises:
        FileNotFoundError: If there is no such file.
        InputError: If it is no YAML or has no list of names.
    """
    try:
        content = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        reason = ' '.join(str(error).split())
        raise InputError(f'{path}: expected YAML, found {reason}') from None
    names = content.get('names') if isinstance(content, dict) else None
    if (
        isinstance(names, dict)
        and sorted(names, key=str)
        and all(number in names for number in range(len(names)))
    ):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list):
        raise InputError(
            f'{path}: found names {short(names)}, expected a list, or numbers from 0 '
            'with a name each'
        )
    names = [str(name).strip() for name in names]
    if content.get('nc', len(names)) != len(names):
        raise InputError(
            f'{path}: found nc {short(content["nc"])}, but {len(names)} names, '
            'expected the same number'
        )
    return check_class_names(names, path)


def find_class_names(data_root: str, label_dir: str) -> tuple[str, ...]:
    """Return the names in the ``classes.txt`` or ``data.yaml`` of a data set.

    They are looked for in ``data_root``, in the folder above and beside the labels.

    Raises:
        FileNotFoundError: If there is none, or there is no ``data_root``.
        InputError: If it is empty, a name is wrong, or two of them differ.
    """
    require_folder(data_root, 'a data set')
    above = os.path.dirname(os.path.abspath(data_root))
    found: dict[str, tuple[str, ...]] = {}
    for folder in (data_root, above, label_dir):
        for file, read in ((CLASSES_FILE, read_class_names), (YAML, read_data_yaml)):
            path = os.path.join(folder, file)
            if os.path.isfile(path):
                found[path] = read(path)
        if found:
            break
    if not found:
        raise FileNotFoundError(
            f'{os.path.join(data_root, CLASSES_FILE)}: found no such file, nor one in '
            f'{above} or {label_dir}, nor {YAML}, expected one class name a line, or '
            'the names given (`classes` in a config, --classes of a tool)'
        )
    first, names = next(iter(found.items()))
    for path, others in found.items():
        if others != names:
            raise InputError(
                f'{path}: found the classes {", ".join(others)}, but {first} has '
                f'{", ".join(names)}, expected one list (remove the wrong file)'
            )
    return names
