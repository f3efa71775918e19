# Copyright (c) mmacnn authors. All rights reserved.
"""COCO json, as CVAT, Label Studio, Roboflow and others export it."""

import json
import math
from collections import Counter
from numbers import Real
from pathlib import Path

import numpy as np

from mmacnn.datasets.named_images import split_of, split_of_word
from mmacnn.datasets.regions import MIN_NUMBERS
from mmacnn.utils import InputError
from mmacnn.utils.text import identifier, short

from .annotations import LabelledImage, LabelledObject, LabelledSet, Outline
from .source import Source

NAME = 'coco'
LISTS = ('images', 'annotations', 'categories')


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    found = [f for f in source.with_suffix('.json') if _is_coco(source.json(f))]
    return f'COCO json ({", ".join(found)})' if found else None


def _is_coco(content: object) -> bool:
    return isinstance(content, dict) and all(
        isinstance(content.get(name), list) for name in LISTS
    )


def read(source: Source, boxes: str = 'xywh') -> LabelledSet:
    """Read all COCO files of a source.

    Args:
        source: The files.
        boxes: What the four numbers of a ``bbox`` are: 'xywh' as COCO says, or 'xyxy'.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: An entry is wrong.
    """
    images: dict[str, LabelledImage] = {}
    classes: list[str] = []
    for file in source.with_suffix('.json'):
        content = source.json(file)
        if not _is_coco(content):
            source.notes.add('json that is no COCO passed over', source.absolute(file))
            continue
        where = source.absolute(file)
        names = _read_categories(content, where, source)
        if classes and classes != list(names.values()):
            source.notes.add('class list that differs from the first, merged by name')
        classes += [name for name in names.values() if name not in classes]
        by_id = _read_images(content, file, source, images)
        for index, entry in enumerate(content['annotations']):
            place = f'{where}: annotations[{index}]'
            image = _owner(entry, by_id, place)
            if image is None:
                continue
            image.objects.append(_read_object(entry, names, boxes, place, source))
    listed = list(images.values())
    source.add_unlabelled(listed)
    return LabelledSet(NAME, listed, classes)


def _read_categories(content: dict, where: str, source: Source) -> dict:
    used = Counter(
        identifier(entry.get('category_id'))
        for entry in content['annotations']
        if isinstance(entry, dict)
        if isinstance(entry.get('category_id'), int | float | str)
    )
    names: dict[object, str] = {}
    for index, category in enumerate(content['categories']):
        place = f'{where}: categories[{index}]'
        key = identifier(_get(category, 'id', place))
        name = _get(category, 'name', place)
        if not isinstance(name, str) or not name.strip():
            raise InputError(f'{place}: found the name {short(name)}, expected text')
        if names.get(key, name.strip()) != name.strip():
            raise InputError(
                f'{place}: found the id {short(key)} of {names[key]!r} again, '
                'expected different ids'
            )
        if key == 0 and not used[0] and len(content['categories']) > 1:
            source.notes.add('unused root category (id 0) left out', place)
            continue
        names[key] = name.strip()
    return names


def _get(entry: object, key: str, where: str) -> object:
    if not isinstance(entry, dict) or key not in entry:
        raise InputError(f'{where}: found no {key!r}, expected one')
    value = entry[key]
    if key.endswith('id') and (
        isinstance(value, bool) or not isinstance(value, int | float | str)
    ):
        raise InputError(f'{where}: found {key} {short(value)}, expected an id')
    return value


def _read_images(
    content: dict, file: str, source: Source, images: dict[str, LabelledImage]
) -> dict[object, LabelledImage | None]:
    """The images of a file by their ids; None for an absent one."""
    by_id: dict[object, LabelledImage | None] = {}
    split = split_of(file) or _split_of_file(file)
    for index, entry in enumerate(content['images']):
        where = f'{source.absolute(file)}: images[{index}]'
        key = identifier(_get(entry, 'id', where))
        if key in by_id:
            raise InputError(
                f'{where}: found the id {short(key)} a second time, expected '
                'different ones'
            )
        path = source.find_image(_get(entry, 'file_name', where), where, file)
        by_id[key] = None
        if path is None:
            continue
        if path in images:
            source.notes.add('image that is listed twice joined to one', where)
            by_id[key] = images[path]
            continue
        image = source.open_image(path, where, split)
        image.labelled_size = _size(entry, where, source)
        by_id[key] = images[path] = image
    return by_id


def _split_of_file(file: str) -> str:
    """The split in ``instances_train2017.json``."""
    stem = Path(file).stem.lower().replace('-', '_').replace('.', '_')
    return next(filter(None, map(split_of_word, stem.split('_'))), '')


def _size(entry: dict, where: str, source: Source) -> tuple[float, float] | None:
    size = entry.get('width'), entry.get('height')
    try:
        width, height = (float(side) for side in size)
    except (TypeError, ValueError):
        source.notes.add('image without size, taken from the file', where)
        return None
    return (width, height) if width > 0 and height > 0 else None


def _owner(entry: object, by_id: dict, where: str) -> LabelledImage | None:
    key = identifier(_get(entry, 'image_id', where))
    if key not in by_id:
        raise InputError(
            f"{where}: found image_id {short(key)}, expected one of the file's images"
        )
    return by_id[key]


def _read_object(
    entry: dict,
    names: dict,
    boxes: str,
    where: str,
    source: Source,
) -> LabelledObject:
    key = identifier(_get(entry, 'category_id', where))
    if key not in names:
        raise InputError(
            f'{where}: found category_id {short(key)}, expected one of the '
            f"file's categories: {', '.join(map(str, names))}"
        )
    outline = _read_outline(entry.get('segmentation'), where, source)
    box = entry.get('bbox')
    if box in (None, []) and outline is not None:
        box = box_of_outline(outline)
        source.notes.add('box taken from the outline', where)
    else:
        box = _read_box(box, boxes, where)
    return LabelledObject(
        names[key],
        box,
        outline,
        bool(entry.get('iscrowd') or entry.get('ignore')),
        entry.get('score'),
        where,
    )


def _read_box(box: object, boxes: str, where: str) -> tuple:
    is_box = isinstance(box, list) and len(box) == 4
    if not is_box or not all(isinstance(n, Real) and math.isfinite(n) for n in box):
        raise InputError(
            f'{where}: found bbox {short(box)}, expected [x, y, width, height], pixels'
        )
    x, y, right, bottom = map(float, box)
    if boxes == 'xywh':
        right, bottom = x + right, y + bottom
    if right < x or bottom < y:
        raise InputError(
            f'{where}: found bbox {short(box)}, expected '
            + ('width and height' if boxes == 'xywh' else 'right and bottom')
            + ' that are not less than '
            + ('0' if boxes == 'xywh' else 'left and top')
        )
    return x, y, right, bottom


def _read_outline(outline: object, where: str, source: Source) -> Outline | None:
    if not outline:
        return None
    if isinstance(outline, dict):
        if 'size' not in outline or 'counts' not in outline:
            raise InputError(
                f'{where}: found the segmentation {short(outline)}, expected size and '
                'counts'
            )
        return outline
    if isinstance(outline, list) and all(isinstance(n, Real) for n in outline):
        source.notes.add('polygon without its outer brackets', where)
        outline = [outline]
    if not isinstance(outline, list) or not all(isinstance(p, list) for p in outline):
        raise InputError(
            f'{where}: found the segmentation {short(outline)}, expected polygons or '
            'run lengths'
        )
    kept = [p for p in outline if len(p) >= MIN_NUMBERS]
    if len(kept) < len(outline):
        source.notes.add('polygon of less than three points left out', where)
    for polygon in kept:
        if len(polygon) % 2 or not all(
            isinstance(n, Real) and math.isfinite(n) for n in polygon
        ):
            raise InputError(
                f'{where}: found the polygon {short(polygon)}, expected points x, y'
            )
    return kept or None


def box_of_outline(outline: Outline) -> tuple[float, float, float, float]:
    """The box round polygons or compressed run lengths, edge to edge in pixels."""
    if isinstance(outline, list):
        points = np.concatenate([np.reshape(p, (-1, 2)) for p in outline])
        return (*points.min(0).tolist(), *points.max(0).tolist())
    from mmacnn.datasets.regions import decode_region

    mask = decode_region(outline, tuple(outline['size']), 'run lengths')
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (
        *(float(columns[0]), float(rows[0])),
        *(float(columns[-1] + 1), float(rows[-1] + 1)),
    )


def content_of(
    images: list[LabelledImage], classes: list[str], folder: str = ''
) -> dict:
    """Return images and classes as COCO's lists.

    Args:
        images: The images, with their names.
        classes: Names, which get the ids 1, 2, ...
        folder: Put before the names, ending in '/'.
    """
    ids = {name: number for number, name in enumerate(classes, start=1)}
    content: dict = {name: [] for name in LISTS}
    content['categories'] = [
        {'id': number, 'name': name} for name, number in ids.items()
    ]
    for image_id, image in enumerate(images, start=1):
        height, width = image.size
        content['images'].append(
            dict(id=image_id, file_name=folder + image.name, height=height, width=width)
        )
        for item in image.objects:
            left, top, right, bottom = (round(value, 4) for value in item.box)
            sides = round(right - left, 4), round(bottom - top, 4)
            entry = dict(
                id=len(content['annotations']) + 1,
                image_id=image_id,
                category_id=ids[item.name],
                bbox=[left, top, *sides],
                area=area_of(item),
                iscrowd=int(item.is_crowd),
            )
            if item.outline is not None:
                entry['segmentation'] = item.outline
            if item.score is not None:
                entry['score'] = round(item.score, 5)
            content['annotations'].append(entry)
    return content


def area_of(item: LabelledObject) -> float:
    """Area in pixels: of the polygons or run lengths, or else of the box."""
    if isinstance(item.outline, list):
        area = 0.0
        for polygon in item.outline:
            x, y = np.reshape(polygon, (-1, 2)).T
            area += abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
        return round(float(area), 2)
    if item.outline is not None and isinstance(item.outline['counts'], list):
        return float(sum(item.outline['counts'][1::2]))
    if item.outline is not None:
        from pycocotools import mask as coco_mask

        return float(coco_mask.area(item.outline))
    left, top, right, bottom = item.box
    return round((right - left) * (bottom - top), 2)


def write(dataset: LabelledSet, folder: str) -> None:
    """Write ``annotations.json``."""
    content = content_of(dataset.images, dataset.classes)
    Path(folder, 'annotations.json').write_text(
        json.dumps(content) + '\n', encoding='utf-8'
    )
