# Copyright (c) mmacnn authors. All rights reserved.
"""labelme's json, one file an image; X-AnyLabeling writes the same."""

import base64
import binascii
import json
import math
import os.path as osp
from numbers import Real
from pathlib import Path

import cv2
import numpy as np

from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledImage, LabelledObject, LabelledSet
from .geometry import box_of, ellipse
from .masks import run_lengths
from .source import Source, key_of

NAME = 'labelme'
WITHOUT_AREA = ('point', 'points', 'line', 'linestrip')


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    files = source.with_suffix('.json')
    if files and any(_is_labelme(source.json(f)) for f in files[:3]):
        return f'labelme json ({len(files)} files)'
    return None


def _is_labelme(content: object) -> bool:
    return isinstance(content, dict) and isinstance(content.get('shapes'), list)


def read(source: Source) -> LabelledSet:
    """Read all json files of a source.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: A shape is wrong.
    """
    images, names = [], set()
    for file in source.with_suffix('.json'):
        content, where = source.json(file), source.absolute(file)
        if not _is_labelme(content):
            source.notes.add("json that is not labelme's passed over", where)
            continue
        path = _find_image(source, file, content)
        if path is None:
            continue
        image = source.open_image(path, where)
        image.labelled_size = _size(content)
        image.label = _flag(content, where)
        for number, shape in enumerate(content['shapes']):
            item = _read_shape(shape, image, f'{where}: shapes[{number}]', source)
            if item is not None:
                image.objects.append(item)
                names.add(item.name)
        if image.label:
            names.add(image.label)
        images.append(image)
    source.add_unlabelled(images)
    return LabelledSet(NAME, images, sorted(names))


def _find_image(source: Source, file: str, content: dict) -> str | None:
    path = source.images_by_key.get(key_of(file))
    if path is not None:
        return path
    name = content.get('imagePath') or f'{Path(file).stem}.jpg'
    try:
        return source.find_image(name, source.absolute(file), file)
    except FileNotFoundError as error:
        if content.get('imageData'):
            raise FileNotFoundError(
                f'{error}; the json holds a copy (labelme_export_json writes it out)'
            ) from None
        raise


def _size(content: dict) -> tuple[float, float] | None:
    size = content.get('imageWidth'), content.get('imageHeight')
    return size if all(isinstance(side, Real) and side > 0 for side in size) else None


def _flag(content: dict, where: str) -> str | None:
    """Class of the whole image: the flag that is set."""
    flags = content.get('flags')
    chosen = (
        [k for k, v in flags.items() if v is True] if isinstance(flags, dict) else []
    )
    if len(chosen) > 1:
        raise InputError(
            f'{where}: found the flags {", ".join(chosen)}, expected one class'
        )
    return chosen[0] if chosen else None


def _read_shape(
    shape: object, image: LabelledImage, where: str, source: Source
) -> LabelledObject | None:
    if not isinstance(shape, dict) or not isinstance(shape.get('label'), str):
        raise InputError(
            f'{where}: found {short(shape)}, expected a shape with a label'
        )
    name, kind = shape['label'].strip(), shape.get('shape_type') or 'polygon'
    if not name:
        raise InputError(f'{where}: found an empty label, expected a class')
    if kind in WITHOUT_AREA:
        source.notes.add('point or line left out', where)
        return None
    points = _points(shape.get('points'), where)
    if kind == 'rectangle':
        box = box_of([v for point in points for v in point])
        return LabelledObject(name, box, where=where)
    if kind == 'mask':
        return _read_mask(shape, name, points, image, where)
    if kind == 'circle' and len(points) == 2:
        (cx, cy), edge = points
        radius = math.dist(points[0], edge)
        polygon = ellipse((cx, cy), (radius, radius))
        source.notes.add('circle (kept as a polygon)', where)
    elif kind in ('polygon', 'rotation'):
        polygon = [value for point in points for value in point]
        if len(points) < 3:
            raise InputError(
                f'{where}: found a polygon of {len(points)} points, expected 3 or more'
            )
    else:
        raise InputError(
            f'{where}: found the shape {short(kind)} of {len(points)} points, expected '
            'rectangle, polygon, rotation, circle or mask'
        )
    return LabelledObject(name, box_of(polygon), [polygon], where=where)


def _points(points: object, where: str) -> list[list[float]]:
    is_list = isinstance(points, list) and points
    if not is_list or not all(
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(v, Real) and math.isfinite(v) for v in point)
        for point in points
    ):
        raise InputError(
            f'{where}: found the points {short(points)}, expected [[x, y], ...]'
        )
    return points


def _read_mask(
    shape: dict, name: str, points: list, image: LabelledImage, where: str
) -> LabelledObject:
    """A picture of the box between two points, both included."""
    try:
        data = np.frombuffer(base64.b64decode(shape['mask'], validate=True), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    except (KeyError, TypeError, binascii.Error, cv2.error):
        picture = None
    if picture is None:
        raise InputError(f'{where}: found no picture of the mask, expected base64 PNG')
    left, top = (int(round(v)) for v in points[0])
    mask = np.zeros(image.size, np.uint8)
    part = mask[top : top + picture.shape[0], left : left + picture.shape[1]]
    if left < 0 or top < 0 or part.shape != picture.shape or not picture.any():
        raise InputError(
            f'{where}: found a mask of {picture.shape[1]}x{picture.shape[0]} pixels at '
            f'({left}, {top}), expected one on the image and not empty'
        )
    part[:] = picture != 0
    outline, box = run_lengths(mask)
    return LabelledObject(name, box, outline, where=where)


def write(dataset: LabelledSet, folder: str) -> None:
    """Write one json an image. ``imagePath`` leads to the image where it is now."""
    for image in dataset.images:
        path = Path(folder, Path(image.name).with_suffix('.json'))
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = {image.label: True} if image.label else {}
        content = dict(
            version='5.4.1',
            flags=flags,
            shapes=[_shape_of(item) for item in image.objects],
            imagePath=osp.relpath(image.path, folder),
            imageData=None,
            imageHeight=image.size[0],
            imageWidth=image.size[1],
        )
        path.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')


def _shape_of(item: LabelledObject) -> dict:
    left, top, right, bottom = item.box
    points, kind = [[left, top], [right, bottom]], 'rectangle'
    if isinstance(item.outline, list) and len(item.outline) == 1:
        points, kind = np.reshape(item.outline[0], (-1, 2)).tolist(), 'polygon'
    score = '' if item.score is None else f'score {item.score:.3f}'
    return dict(
        label=item.name,
        points=points,
        group_id=None,
        description=score,
        shape_type=kind,
        flags={},
    )
