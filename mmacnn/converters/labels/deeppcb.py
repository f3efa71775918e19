# Copyright (c) mmacnn authors. All rights reserved.
"""Text files of boxes in pixels, ``x1 y1 x2 y2 type`` a line: DeepPCB's."""

from pathlib import Path

from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledObject, LabelledSet
from .source import Source, key_of

NAME = 'deeppcb'
TYPES = ('open', 'short', 'mousebite', 'spur', 'copper', 'pin-hole')  # 1 to 6
TESTED = '_test'  # What the published set puts behind the name of an inspected image.


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    files = _label_files(source)
    for file in files:
        text = source.text(file).strip()
        if text:
            fields = _fields(text.splitlines()[0])
            return (
                f'boxes in text, x1 y1 x2 y2 type ({len(files)} files)'
                * bool(len(fields) == 5 and all(f.isdecimal() for f in fields))
                or None
            )
    return None


def read(source: Source, classes: list[str] | None = None) -> LabelledSet:
    """Read all label files of a source.

    Args:
        source: The files.
        classes: Names of the types 1, 2, ...; DeepPCB's by default.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: A line is wrong.
    """
    names = list(classes or TYPES)
    if not classes:
        source.notes.add('types named as in DeepPCB (1 open ... 6 pin-hole)')
    images = []
    for file, path in _label_files(source).items():
        path = path or source.find_image(
            f'{Path(file).stem}.jpg', source.absolute(file), file
        )
        if path is None:
            continue
        image = source.open_image(path, source.absolute(file))
        for number, line in enumerate(source.text(file).splitlines(), start=1):
            if line.strip():
                where = f'{source.absolute(file)}, line {number}'
                image.objects.append(_read_line(line, names, where))
        images.append(image)
    source.add_unlabelled(images)
    return LabelledSet(NAME, images, names)


def _fields(line: str) -> list[str]:
    return line.replace(',', ' ').split()


def _read_line(line: str, names: list[str], where: str) -> LabelledObject:
    fields = _fields(line)
    if len(fields) != 5 or not all(field.isdecimal() for field in fields):
        raise InputError(
            f'{where}: found {short(line.strip())}, expected x1 y1 x2 y2 type, whole '
            'numbers'
        )
    *box, kind = (int(field) for field in fields)
    if not 1 <= kind <= len(names):
        raise InputError(
            f'{where}: found type {kind}, expected 1 to {len(names)} '
            f'({", ".join(names)})'
        )
    if box[2] < box[0] or box[3] < box[1]:
        raise InputError(
            f'{where}: found the box {box}, expected left, top, right, bottom'
        )
    return LabelledObject(names[kind - 1], tuple(map(float, box)), where=where)


def _label_files(source: Source) -> dict[str, str]:
    """Text files of an image's name, and that image ('' where it is absent)."""
    stems: dict[str, str] = {}
    for image in source.images:
        stems[Path(image).stem.removesuffix(TESTED)] = image
    found = {}
    for file in source.with_suffix('.txt'):
        image = source.images_by_key.get(key_of(file)) or stems.get(Path(file).stem)
        if image or 'labels' in file.split('/')[:-1]:
            found[file] = image or ''
    return found
