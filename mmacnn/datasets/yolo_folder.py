# Copyright (c) mmacnn authors. All rights reserved.
"""A folder of images and a folder of YOLO text labels: reading and checking.

A label file has the name of its image and one line a box: ``class cx cy w h``, where
class is a number from 0 and the box is normalised to the image; ``class x1 y1 ... x4
y4``, the corners of an oriented box, see :func:`order_corners`; or ``class`` alone,
where the class is known and the box is not drawn.
"""

import math
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mmacnn.utils import InputError, read_text
from mmacnn.utils.text import short

from .image_files import IMAGE_SUFFIXES, list_files, read_image_size, require_folder

CLASSES_FILE = 'classes.txt'
# labelImg writes the class names beside the labels.
NO_LABELS = (CLASSES_FILE,)
# Labelling tools round to whole pixels, so a box at the edge may reach out by one.
TOLERANCE = 1.0
CORNER_NAMES = ('x1', 'y1', 'x2', 'y2', 'x3', 'y3', 'x4', 'y4')
LEAST_SIDE = 0.01  # Pixels; less is nothing in single precision.

Box = tuple[float, float, float, float]
Corners = tuple[tuple[float, float], ...]


class YOLOLabel(NamedTuple):
    """One line of a label file; ``box`` is normalised ``cx, cy, w, h`` or None.

    Of an oriented box it is the upright box round it, and ``corners`` are its own.
    """

    line: int
    class_id: int
    box: Box | None
    corners: Corners | None = None


class Sample(NamedTuple):
    """One image with its label; ``box`` is xyxy in pixels or None, corners likewise."""

    img_path: str
    height: int
    width: int
    class_id: int
    box: Box | None
    corners: Corners | None = None


class Problem(NamedTuple):
    """One mistake in the data; ``message`` begins with the file."""

    path: str
    message: str


def parse_line(
    text: str, where: str, num_classes: int
) -> tuple[int, Box | None, Corners | None]:
    """Return class, normalised ``cx, cy, w, h`` and the corners, None if not drawn.

    Args:
        text: The line.
        where: Its file and number, for messages.
        num_classes: Number of classes.

    Raises:
        InputError: If the line is wrong.
    """
    fields = text.split()
    if len(fields) not in (1, 5, 9):
        raise InputError(
            f'{where}: found {len(fields)} fields, expected 5 '
            '(`class cx cy w h`), 9 (`class x1 y1 ... x4 y4`) or 1 (`class`); '
            '`python -m mmacnn import` takes polygons and confidences'
        )
    if not re.fullmatch(r'[-+]?[0-9]{1,18}', fields[0]):
        raise InputError(
            f'{where}: found class {short(fields[0])}, expected a whole number'
        )
    class_id = int(fields[0])
    if not 0 <= class_id < num_classes:
        raise InputError(
            f'{where}: found class {class_id}, expected 0 to {num_classes - 1} '
            f'({num_classes} class names are given)'
        )
    if len(fields) == 1:
        return class_id, None, None
    if len(fields) == 9:
        values = _fractions(CORNER_NAMES, fields[1:], where)
        corners = order_corners(list(zip(values[::2], values[1::2], strict=True)))
        low, high = (tuple(map(end, zip(*corners, strict=True))) for end in (min, max))
        box = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
        box += [b - a for a, b in zip(low, high, strict=True)]
        if twice_area(corners) <= 0:
            raise InputError(
                f'{where}: found an oriented box of no area, expected four corners'
            )
        return class_id, tuple(box), corners
    box = _fractions(('cx', 'cy', 'w', 'h'), fields[1:], where)
    if box[2] == 0 or box[3] == 0:
        raise InputError(
            f'{where}: found a box of no area (w {fields[3]}, h {fields[4]}), expected '
            'w and h above 0, or the class alone if the box is not drawn'
        )
    return class_id, tuple(box), None


def _fractions(names: Sequence[str], fields: list[str], where: str) -> list[float]:
    values = []
    for name, field in zip(names, fields, strict=True):
        try:
            value = float(field)
        except ValueError:
            raise InputError(
                f'{where}: found {name} {short(field)}, expected a number in [0, 1]'
            ) from None
        # Written so that NaN is refused too.
        if not 0 <= value <= 1:
            raise InputError(
                f'{where}: found {name} {field[:20]}, expected a number in [0, 1], '
                'a fraction of the image'
            )
        values.append(value)
    return values


def twice_area(corners: Sequence[tuple[float, float]]) -> float:
    """Above 0 where the corners go round clockwise as seen."""
    return sum(
        x * next_y - next_x * y
        for (x, y), (next_x, next_y) in zip(
            corners, [*corners[1:], corners[0]], strict=True
        )
    )


def order_corners(corners: Sequence[tuple[float, float]]) -> Corners:
    """The corners clockwise as seen, from the first one on.

    The first is the upper left one of the object as it is read, and the second the
    upper right. Corners that cross over, or that go round the other way, are put in
    order by their angle from the middle.
    """
    middle = [sum(values) / len(corners) for values in zip(*corners, strict=True)]
    first = math.atan2(corners[0][1] - middle[1], corners[0][0] - middle[0])

    def angle(corner: tuple[float, float]) -> float:
        own = math.atan2(corner[1] - middle[1], corner[0] - middle[0])
        return (own - first + 1e-9) % (2 * math.pi)

    return tuple(sorted(corners, key=angle))


def read_label(path: str, num_classes: int, multiple: str = 'error') -> YOLOLabel:
    """Return the label in a file.

    Args:
        path: The label file.
        num_classes: Number of classes.
        multiple: What to do about more than one line: ``'error'``, or ``'largest'``
            to keep the line with the largest box.

    Raises:
        InputError: If the file is empty, wrong, or has more lines than allowed.
    """
    labels = [
        YOLOLabel(number, *parse_line(line, f'{path}, line {number}', num_classes))
        for number, line in enumerate(read_text(path).splitlines(), start=1)
        if line.strip()
    ]
    if not labels:
        raise InputError(
            f'{path}: found an empty file, expected a line `class cx cy w h` or `class`'
        )
    if len(labels) > 1 and multiple == 'error':
        raise InputError(
            f'{path}, line {labels[1].line}: found {len(labels)} labels, expected one '
            "(multiple='largest' keeps the largest box)"
        )
    return max(
        labels, key=lambda label: label.box[2] * label.box[3] if label.box else 0
    )


def pixel_box(box: Box, height: int, width: int, where: str) -> Box:
    """Return a normalised ``cx, cy, w, h`` box as xyxy in pixels within the image.

    Raises:
        InputError: If the box reaches outside by more than a pixel, or a side of what
            is inside is less than a hundredth of one.
    """
    cx, cy, w, h = box
    x1, x2 = (cx - w / 2) * width, (cx + w / 2) * width
    y1, y2 = (cy - h / 2) * height, (cy + h / 2) * height
    outside = max(-x1, -y1, x2 - width, y2 - height)
    if outside > TOLERANCE:
        raise InputError(
            f'{where}: found a box that reaches {outside:.1f} pixels outside the '
            f'{width}x{height} image, expected one inside'
        )
    x1, y1 = max(x1, 0.0), max(y1, 0.0)
    x2, y2 = min(x2, float(width)), min(y2, float(height))
    if min(x2 - x1, y2 - y1) < LEAST_SIDE:
        raise InputError(
            f'{where}: found a box of {x2 - x1:.2g}x{y2 - y1:.2g} pixels on the '
            f'{width}x{height} image, expected one of a pixel or more'
        )
    return x1, y1, x2, y2


def read_sample(
    img_path: str, label_path: str, num_classes: int, multiple: str, decode: bool
) -> tuple[Sample | None, list[Problem]]:
    """Return one image with its label, or None and everything wrong with the two."""
    problems, size, label = [], None, None
    try:
        size = read_image_size(img_path, decode)
    except ValueError as error:
        problems.append(Problem(img_path, str(error)))
    try:
        label = read_label(label_path, num_classes, multiple)
    except FileNotFoundError:
        message = (
            f'{label_path}: found no label file for the image '
            f'{os.path.basename(img_path)}, expected one'
        )
        problems.append(Problem(label_path, message))
    except (OSError, ValueError) as error:
        problems.append(Problem(label_path, str(error)))
    if problems:
        return None, problems
    box = label.box
    if box is not None:
        try:
            box = pixel_box(box, *size, f'{label_path}, line {label.line}')
        except ValueError as error:
            return None, [Problem(label_path, str(error))]
    corners = label.corners and tuple(
        (x * size[1], y * size[0]) for x, y in label.corners
    )
    return Sample(img_path, *size, label.class_id, box, corners), []


def read_folder(
    img_dir: str,
    label_dir: str,
    num_classes: int,
    multiple: str = 'error',
    decode: bool = False,
    progress: Callable[[list], Iterable] = iter,
) -> tuple[list[Sample], list[Problem]]:
    """Return all images of a folder with their labels, and all mistakes found.

    Args:
        img_dir: Folder of images.
        label_dir: Folder of label files.
        num_classes: Number of classes.
        multiple: See :func:`read_label`.
        decode: Whether to decode every image, which finds all damaged ones.
        progress: Wraps the list that is worked through, to show progress.

    Returns:
        The good samples in the order of their names, and the problems.

    Raises:
        FileNotFoundError: If a folder is missing or has no image.
    """
    for folder, what in ((img_dir, 'images'), (label_dir, 'label files')):
        require_folder(folder, f'one with {what}')
    images = list_files(img_dir, IMAGE_SUFFIXES)
    if not images:
        raise FileNotFoundError(
            f'{img_dir}: found no image, expected files ending in '
            f'{", ".join(IMAGE_SUFFIXES)}'
        )
    images_of: dict[str, list[str]] = {}
    for name in images:
        images_of.setdefault(os.path.splitext(name)[0], []).append(name)

    samples, problems = [], []
    for stem, names in progress(list(images_of.items())):
        img_path = os.path.join(img_dir, names[0])
        label_path = os.path.join(label_dir, f'{stem}.txt')
        if len(names) > 1:
            message = (
                f'{img_path}: found {len(names)} images of one name '
                f'({", ".join(names)}), expected one, since they share a label file'
            )
            problems.append(Problem(img_path, message))
            continue
        sample, found = read_sample(img_path, label_path, num_classes, multiple, decode)
        problems += found
        if sample:
            samples.append(sample)

    for name in list_files(label_dir, ('.txt',)):
        if os.path.splitext(name)[0] not in images_of and name not in NO_LABELS:
            path = os.path.join(label_dir, name)
            message = (
                f'{path}: found a label for a missing image, expected an image '
                f'{os.path.splitext(name)[0]} in {img_dir}'
            )
            problems.append(Problem(path, message))
    return samples, problems
