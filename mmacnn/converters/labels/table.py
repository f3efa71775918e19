# Copyright (c) mmacnn authors. All rights reserved.
"""A table (CSV) of image names with classes, or with classes and boxes."""

import csv
import io
import math
import os.path as osp

from mmacnn.datasets.image_files import IMAGE_SUFFIXES
from mmacnn.datasets.named_images import split_of_word
from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledImage, LabelledObject, LabelledSet
from .source import Source

NAME = 'csv'
# Names of the columns that tools write, in lower case.
IMAGE_COLUMNS = (
    *('filename', 'file_name', 'image', 'file', 'name', 'image_name', 'image_path'),
    *('path', 'img', 'image_id', 'imageid', 'id'),
)
CLASS_COLUMNS = ('class', 'label', 'category', 'class_name', 'classname', 'target')
BOX_COLUMNS = (
    ('xmin', 'ymin', 'xmax', 'ymax'),
    ('x1', 'y1', 'x2', 'y2'),
    ('left', 'top', 'right', 'bottom'),
)
HEADLESS = {2: ('filename', 'class'), 6: ('filename', *BOX_COLUMNS[0], 'class')}


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    found = [f for f in source.with_suffix('.csv', '.tsv') if _open(source, f)]
    return f'a table of images and classes ({", ".join(found)})' if found else None


def _open(source: Source, file: str) -> tuple[list[str], list[list[str]], int] | None:
    """Columns, rows, line of the first; None where it is no table of images."""
    text = source.text(file)
    first = text.partition('\n')[0]
    delimiter = max(',;\t', key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=''), delimiter=delimiter))
    except csv.Error as error:
        raise InputError(
            f'{source.absolute(file)}: expected CSV, found {error}'
        ) from None
    rows = [[value.strip() for value in row] for row in rows]
    if not rows or not rows[0]:
        return None
    if any(name.lower() in IMAGE_COLUMNS for name in rows[0]):
        return rows[0], rows[1:], 2
    if rows[0][0].lower().endswith(IMAGE_SUFFIXES) and len(rows[0]) in HEADLESS:
        return list(HEADLESS[len(rows[0])]), rows, 1
    return None


def read(source: Source) -> LabelledSet:
    """Read all tables of a source.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: A line or the header is wrong.
    """
    images: dict[str, LabelledImage] = {}
    names: set[str] = set()
    for file in source.with_suffix('.csv', '.tsv'):
        table = _open(source, file)
        if table is None:
            source.notes.add('table without images passed over', source.absolute(file))
            continue
        header, rows, first_line = table
        reader = _Reader(source, file, header, images)
        for number, row in enumerate(rows, start=first_line):
            if any(row):
                reader.read_row(row, f'{source.absolute(file)}, line {number}')
        names |= reader.names
    listed = list(images.values())
    source.add_unlabelled(listed)
    return LabelledSet(NAME, listed, sorted(names))


class _Reader:
    """Reads the rows of one table into the images."""

    def __init__(
        self,
        source: Source,
        file: str,
        header: list[str],
        images: dict[str, LabelledImage],
    ) -> None:
        self.source, self.file = source, file
        self.columns = columns = [name.lower() for name in header]
        self.images = images
        self.names: set[str] = set()
        self.image = next(name for name in IMAGE_COLUMNS if name in columns)
        self.label = next((n for n in CLASS_COLUMNS if n in columns), None)
        self.box = next((b for b in BOX_COLUMNS if set(b) <= set(columns)), None)
        self.one_hot: dict[str, str] = {}
        if self.label is None:
            if len(columns) < 3 or self.box:
                raise InputError(
                    f'{source.absolute(file)}: found the columns {", ".join(columns)}, '
                    f'expected one of {", ".join(CLASS_COLUMNS)}'
                )
            self.one_hot = {
                column: name
                for column, name in zip(columns, header, strict=True)
                if column not in (self.image, 'split')
            }

    def read_row(self, row: list[str], where: str) -> None:
        """Read one row."""
        if len(row) != len(self.columns):
            raise InputError(
                f'{where}: found {len(row)} values, expected {len(self.columns)} '
                f'({", ".join(self.columns)})'
            )
        values = dict(zip(self.columns, row, strict=True))
        name = self._class_of(values, where)
        is_empty = not name and (self.box is None or not values[self.box[0]])
        if is_empty and self.box is None:
            self.source.notes.add('line without a class left out', where)
            return
        path = self.source.find_image(values[self.image], where, self.file)
        if path is None:
            return
        split = split_of_word(values.get('split') or values.get('set') or '')
        image = self.images.get(path)
        if image is None:
            image = self.images[path] = self.source.open_image(path, where, split)
        elif split and image.split != split:
            raise InputError(
                f'{where}: found the split {split} for an image that is in '
                f'{image.split or "none"}, expected one'
            )
        if is_empty:
            return  # a background
        if not name:
            raise InputError(f'{where}: found no class, expected one')
        self.names.add(name)
        if self.box is None:
            if image.label not in (None, name):
                raise InputError(
                    f'{where}: found the class {name!r} for an image of class '
                    f'{image.label!r}, expected one class an image'
                )
            image.label = name
            return
        if values.get('width') and values.get('height'):
            image.labelled_size = (
                self._number(values, 'width', where),
                self._number(values, 'height', where),
            )
        box = tuple(self._number(values, side, where) for side in self.box)
        if box[2] < box[0] or box[3] < box[1]:
            raise InputError(
                f'{where}: found the box {[*box]}, expected left, top, right, bottom'
            )
        image.objects.append(LabelledObject(name, box, where=where))

    def _class_of(self, values: dict[str, str], where: str) -> str:
        if self.label:
            return values[self.label]
        chosen = [c for c in self.one_hot if values[c] not in ('0', '0.0', '')]
        if len(chosen) > 1 or any(values[c] not in ('1', '1.0') for c in chosen):
            raise InputError(
                f'{where}: found {", ".join(f"{c}={values[c]}" for c in chosen)[:60]}, '
                'expected one class with 1 and 0 for the others'
            )
        return self.one_hot[chosen[0]] if chosen else ''

    @staticmethod
    def _number(values: dict[str, str], key: str, where: str) -> float:
        try:
            number = float(values[key])
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise InputError(
                f'{where}: found {key} {short(values[key])}, expected a number'
            )
        return number


def write(dataset: LabelledSet, folder: str) -> None:
    """Write ``labels.csv``, a line an object; an image without one has empty values."""
    sides = BOX_COLUMNS[0]
    with open(
        osp.join(folder, 'labels.csv'), 'w', newline='', encoding='utf-8'
    ) as file:
        writer = csv.writer(file)
        writer.writerow(['filename', 'width', 'height', 'class', *sides])
        for image in dataset.images:
            size = image.size[::-1]
            for item in image.objects:
                box = (f'{value:.3f}' for value in item.box)
                writer.writerow([image.name, *size, item.name, *box])
            if not image.objects:
                writer.writerow([image.name, *size, image.label or '', *[''] * 4])
