# Copyright (c) mmacnn authors. All rights reserved.
"""YOLO's text labels, as Darknet, Ultralytics, Roboflow, CVAT and labelImg write them.

A line is ``class cx cy w h``, fractions of the image, perhaps with a confidence behind
them; or ``class x y x y ...``, a polygon, of which an oriented box is one of four
corners; or ``class`` alone. An empty file is a background.
"""

import os.path as osp
from pathlib import Path

import yaml

from mmacnn.datasets.class_names import check_class_names, read_data_yaml
from mmacnn.datasets.image_files import IMAGE_SUFFIXES
from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledImage, LabelledObject, LabelledSet, merge_names
from .source import Source, key_of

NAME = 'yolo'
NAME_FILES = ('classes.txt', 'obj.names', '_darknet.labels', 'labels.txt')
SPLIT_LISTS = dict(train='train', val='val', valid='val', test='test')
LARGEST = 2.0  # A coordinate beyond is no fraction of an image.


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    labels = label_files(source)
    if not labels:
        return None
    first = _first_line(source, labels)
    names = _name_files(source)
    if not names and (first is None or not _is_yolo(first)):
        return None
    return f'YOLO labels ({len(labels)} files; classes in {", ".join(names) or "none"})'


def _is_yolo(line: str) -> bool:
    fields = line.split()
    try:
        numbers = [float(field) for field in fields]
    except ValueError:
        return False
    if len(numbers) == 1:
        return True
    return len(numbers) >= 5 and not _is_corners(numbers)


def _is_corners(numbers: list[float]) -> bool:
    """Whether it is ``x1 y1 x2 y2 type`` in pixels."""
    return (
        len(numbers) == 5
        and all(number.is_integer() for number in numbers)
        and numbers[2] > numbers[0]
        and numbers[3] > numbers[1]
        and numbers[2] > LARGEST
    )


def _first_line(source: Source, labels: dict[str, str]) -> str | None:
    for file in labels:
        text = source.text(file).strip()
        if text:
            return text.splitlines()[0]
    return None


def label_files(source: Source) -> dict[str, str]:
    """The text files that are labels, and the image of each ('' where it is absent)."""
    found = {}
    stems = {osp.splitext(osp.basename(image))[0]: image for image in source.images}
    for file in source.with_suffix('.txt'):
        name = osp.basename(file)
        if name.lower() in NAME_FILES or name.lower().startswith('readme'):
            continue
        image = source.images_by_key.get(key_of(file))
        stem = osp.splitext(name)[0]
        if image is None and stem not in stems and _is_list(source, file):
            continue
        found[file] = image or ''
    return found


def _is_list(source: Source, file: str) -> bool:
    """Whether it is no label: a list of images, or text."""
    parts = {part.lower() for part in file.split('/')[:-1]}
    if parts & {'labels', 'label', 'obj_train_data'}:
        return False
    line = source.text(file).strip().partition('\n')[0]
    return not line or not _is_yolo(line)


def read(source: Source, classes: list[str] | None = None) -> LabelledSet:
    """Read all label files of a source.

    Args:
        source: The files.
        classes: Names, where no file has them.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: A line is wrong, or the class names are missing or differ.
    """
    lists = _name_files(source)
    names = merge_names(lists) if lists else list(classes or ())
    _read_splits(source)
    has_keypoints = any('kpt_shape' in _yaml(source, f) for f in _yaml_files(source))
    images = []
    for file, image in label_files(source).items():
        path = image or source.find_image(
            f'{Path(file).stem}.jpg', source.absolute(file), file
        )
        if path is None:
            continue
        labelled = source.open_image(path, source.absolute(file))
        _read_label(source, file, labelled, names, has_keypoints)
        images.append(labelled)
    source.add_unlabelled(images)
    return LabelledSet(NAME, images, names)


def _yaml_files(source: Source) -> list[str]:
    return [
        f for f in source.with_suffix('.yaml', '.yml') if 'names' in _yaml(source, f)
    ]


def _yaml(source: Source, file: str) -> dict:
    try:
        content = yaml.safe_load(source.text(file))
    except yaml.YAMLError as error:
        reason = ' '.join(str(error).split())
        raise InputError(
            f'{source.absolute(file)}: expected YAML, found {reason}'
        ) from None
    return content if isinstance(content, dict) else {}


def _name_files(source: Source) -> dict[str, list[str]]:
    """The class names in each file that has some."""
    found = {}
    for file in _yaml_files(source):
        where = source.absolute(file)
        found[where] = list(read_data_yaml(where))
    for file in source.with_suffix('.txt', '.names', '.labels'):
        name = osp.basename(file).lower()
        if name in NAME_FILES or name.endswith('.names'):
            where = source.absolute(file)
            names = [line.strip() for line in source.text(file).rstrip().splitlines()]
            found[where] = list(check_class_names(names, where))
    return found


def _read_splits(source: Source) -> None:
    """Note which split each image has, from data.yaml and lists of images."""
    lists = [(f, Path(f).stem.lower()) for f in source.with_suffix('.txt')]
    listed = [(f, SPLIT_LISTS[stem]) for f, stem in lists if stem in SPLIT_LISTS]
    for file in _yaml_files(source):
        content = _yaml(source, file)
        for key, split in SPLIT_LISTS.items():
            for place in _as_list(content.get(key)):
                if place.lower().endswith('.txt'):
                    listed.append((place.removeprefix('./'), split))
                else:
                    _note_folder(source, place, split)
    for file, split in listed:
        if file not in source.files:
            continue
        for line in source.text(file).splitlines():
            if line.strip().lower().endswith(IMAGE_SUFFIXES):
                path = source.find_image(line, source.absolute(file), file, False)
                if path is not None:
                    source.splits[path] = split


def _as_list(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def _note_folder(source: Source, place: str, split: str) -> None:
    parts = [p for p in place.replace('\\', '/').split('/') if p not in ('', '.', '..')]
    tail = '/'.join(parts)
    for image in source.images:
        folder = osp.dirname(image)
        if tail and (folder == tail or folder.startswith(f'{tail}/')):
            source.splits.setdefault(image, split)  # train and val may be one folder


def _read_label(
    source: Source,
    file: str,
    image: LabelledImage,
    names: list[str],
    has_keypoints: bool,
) -> None:
    height, width = image.size
    for number, line in enumerate(source.text(file).splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        where = f'{source.absolute(file)}, line {number}'
        name = _class_name(fields[0], names, where)
        values = _numbers(fields[1:], where)
        if not values:
            image.label = _one_label(image.label, name, where)
            continue
        if has_keypoints and len(values) > 4:
            source.notes.add('keypoints left out, their box kept', where)
            values = values[:4]
        # 5, or an even number of coordinates and one more
        if len(values) % 2 and len(values) >= 5:
            source.notes.add('confidence behind the coordinates left out', where)
            values = values[:-1]
        if len(values) == 4:
            cx, cy, w, h = values
            if w < 0 or h < 0:
                raise InputError(
                    f'{where}: found w {w:g}, h {h:g}, expected numbers above 0'
                )
            box = (
                *((cx - w / 2) * width, (cy - h / 2) * height),
                *((cx + w / 2) * width, (cy + h / 2) * height),
            )
            image.objects.append(LabelledObject(name, box, where=where))
        elif len(values) >= 6 and not len(values) % 2:
            source.notes.add(
                'oriented box (its corners are kept as a polygon)'
                if len(values) == 8
                else 'polygon',
                where,
            )
            polygon = [
                value * (height if index % 2 else width)
                for index, value in enumerate(values)
            ]
            xs, ys = polygon[::2], polygon[1::2]
            box = (min(xs), min(ys), max(xs), max(ys))
            image.objects.append(LabelledObject(name, box, [polygon], where=where))
        else:
            raise InputError(
                f'{where}: found {len(fields)} fields, expected `class`, '
                '`class cx cy w h` or `class x y x y x y ...`'
            )


def _class_name(field: str, names: list[str], where: str) -> str:
    try:
        number = float(field)
    except ValueError:
        number = -1.0
    if not number.is_integer() or number < 0:
        raise InputError(
            f'{where}: found class {short(field)}, expected a whole number from 0'
        )
    if not names:
        raise InputError(
            f'{where}: found no names of the classes (data.yaml, obj.names or '
            'classes.txt), expected them in one of these files or by --classes'
        )
    if number >= len(names):
        raise InputError(
            f'{where}: found class {int(number)}, expected 0 to {len(names) - 1} '
            f'({len(names)} class names are given; are they counted from 1?)'
        )
    return names[int(number)]


def _numbers(fields: list[str], where: str) -> list[float]:
    try:
        values = [float(field) for field in fields]
    except ValueError as error:
        raise InputError(f'{where}: found {error}, expected numbers') from None
    if not all(abs(value) <= LARGEST for value in values):  # NaN too
        raise InputError(
            f'{where}: found {short(fields)}, expected fractions of the image from 0 '
            'to 1, not pixels'
        )
    return values


def _one_label(known: str | None, name: str, where: str) -> str:
    if known not in (None, name):
        raise InputError(
            f'{where}: found the class {name!r} after {known!r} for one image, '
            'expected one class'
        )
    return name


def line_of(number: int, box: tuple, size: tuple[int, int]) -> str:
    """A label's line: ``class cx cy w h``."""
    height, width = size
    left, top, right, bottom = box
    values = (
        *((left + right) / 2 / width, (top + bottom) / 2 / height),
        *((right - left) / width, (bottom - top) / height),
    )
    return ' '.join([str(number), *(f'{value:.7f}' for value in values)])


def line_of_corners(number: int, corners: list[float], size: tuple[int, int]) -> str:
    """An oriented box's line: ``class x1 y1 ... x4 y4``."""
    height, width = size
    sides = (width, height) * 4
    values = (value / side for value, side in zip(corners, sides, strict=True))
    return ' '.join([str(number), *(f'{value:.7f}' for value in values)])


def write(dataset: LabelledSet, folder: str) -> None:
    """Write ``labels/*.txt``, ``classes.txt`` and ``data.yaml``. Boxes alone."""
    root = Path(folder)
    (root / 'labels').mkdir()
    numbers = {name: number for number, name in enumerate(dataset.classes)}
    for image in dataset.images:
        lines = [line_of(numbers[o.name], o.box, image.size) for o in image.objects]
        path = root / 'labels' / Path(image.name).with_suffix('.txt')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(''.join(f'{line}\n' for line in lines))
    (root / 'classes.txt').write_text('\n'.join(dataset.classes) + '\n')
    content = dict(
        path='.', train='images', val='images', names=dict(enumerate(dataset.classes))
    )
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    (root / 'data.yaml').write_text(text)
