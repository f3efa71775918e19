# Copyright (c) mmacnn authors. All rights reserved.
"""CVAT's own xml, "CVAT for images 1.1"."""

import math
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledImage, LabelledObject, LabelledSet
from .geometry import box_of, ellipse, turned_box
from .masks import run_lengths
from .source import Source

NAME = 'cvat'
SUBSETS = dict(train='train', val='val', validation='val', valid='val', test='test')
WITHOUT_AREA = ('polyline', 'points', 'skeleton', 'cuboid')


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    files = source.with_suffix('.xml')
    if files and source.xml(files[0]).tag == 'annotations':
        return f'CVAT xml ({", ".join(files)})'
    return None


def read(source: Source) -> LabelledSet:
    """Read all xml files of a source.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: A shape is wrong, or it is an export of a video.
    """
    images: dict[str, LabelledImage] = {}
    classes: list[str] = []
    for file in source.with_suffix('.xml'):
        root, where = source.xml(file), source.absolute(file)
        if root.tag != 'annotations':
            raise InputError(f'{where}: expected <annotations>, found <{root.tag}>')
        if root.find('track') is not None:
            raise InputError(
                f'{where}: found tracks of a video, expected single images (export as '
                '"CVAT for images")'
            )
        names = [(e.text or '').strip() for e in root.iterfind('meta//label/name')]
        classes += [name for name in names if name and name not in classes]
        for element in root.iterfind('image'):
            name = element.get('name')
            place = f'{where}: image {short(name)}'
            path = source.find_image(name, place, file)
            if path is None:
                continue
            split = SUBSETS.get((element.get('subset') or '').lower(), '')
            if path in images:
                raise InputError(
                    f'{place}: found the image a second time, expected it once'
                )
            image = source.open_image(path, place, split)
            image.labelled_size = (
                _number(element, 'width', place),
                _number(element, 'height', place),
            )
            _read_shapes(element, image, place, source)
            images[path] = image
    found = {o.name for i in images.values() for o in i.objects}
    found |= {image.label for image in images.values() if image.label}
    classes += sorted(found.difference(classes))
    listed = list(images.values())
    source.add_unlabelled(listed)
    return LabelledSet(NAME, listed, classes)


def _read_shapes(
    element: Element, image: LabelledImage, place: str, source: Source
) -> None:
    for number, shape in enumerate(element, start=1):
        where = f'{place}, shape {number} ({shape.tag})'
        name = (shape.get('label') or '').strip()
        if not name:
            raise InputError(f'{where}: found no label, expected a class')
        if shape.tag == 'tag':
            if image.label not in (None, name):
                raise InputError(
                    f'{where}: found the tag {name!r} after {image.label!r}, expected '
                    'one class an image'
                )
            image.label = name
        elif shape.tag in WITHOUT_AREA:
            source.notes.add('point, line, skeleton or cuboid left out', where)
        else:
            image.objects.append(_read_shape(shape, name, image, where, source))


def _read_shape(
    shape: Element, name: str, image: LabelledImage, where: str, source: Source
) -> LabelledObject:
    def numbers(*keys: str) -> list[float]:
        return [_number(shape, key, where) for key in keys]

    angle = math.radians(_number(shape, 'rotation', where, '0'))
    if shape.tag == 'box':
        left, top, right, bottom = numbers('xtl', 'ytl', 'xbr', 'ybr')
        if not angle:
            return LabelledObject(name, (left, top, right, bottom), where=where)
        centre = (left + right) / 2, (top + bottom) / 2
        polygon = turned_box(centre, (right - left, bottom - top), angle)
        source.notes.add('oriented box (its corners are kept as a polygon)', where)
    elif shape.tag == 'polygon':
        polygon = _polygon(shape.get('points') or '', where)
    elif shape.tag == 'ellipse':
        cx, cy, rx, ry = numbers('cx', 'cy', 'rx', 'ry')
        polygon = ellipse((cx, cy), (rx, ry), angle)
        source.notes.add('ellipse (kept as a polygon)', where)
    elif shape.tag == 'mask':
        return _read_mask(shape, name, image, where)
    else:
        raise InputError(
            f'{where}: found the shape {short(shape.tag)}, expected box, polygon, '
            'ellipse, mask or tag'
        )
    return LabelledObject(name, box_of(polygon), [polygon], where=where)


def _polygon(text: str, where: str) -> list[float]:
    try:
        points = [[float(v) for v in point.split(',')] for point in text.split(';')]
    except ValueError:
        points = []
    if len(points) < 3 or any(len(point) != 2 for point in points):
        raise InputError(
            f'{where}: found the points {short(text)}, expected three or more x,y'
        )
    return [value for point in points for value in point]


def _read_mask(
    shape: Element, name: str, image: LabelledImage, where: str
) -> LabelledObject:
    """Run lengths in the rows of a box, those of the background first."""
    left, top, width, height = (
        int(_number(shape, key, where)) for key in ('left', 'top', 'width', 'height')
    )
    text = shape.get('rle') or ''
    counts = [int(n) for n in text.split(',') if n.strip().isdecimal()]
    mask = np.zeros(image.size, np.uint8)
    part = mask[top : top + height, left : left + width]
    if min(left, top) < 0 or part.shape != (height, width) or sum(counts) != part.size:
        raise InputError(
            f'{where}: found run lengths of {sum(counts)} pixels in a box of '
            f'{width}x{height} at ({left}, {top}), expected as many as the box has, on '
            'the image'
        )
    values = np.arange(len(counts)) % 2
    part[:] = np.repeat(values, counts).reshape(height, width)
    if not mask.any():
        raise InputError(f'{where}: found an empty mask, expected one with pixels')
    outline, box = run_lengths(mask)
    return LabelledObject(name, box, outline, where=where)


def _number(element: Element, key: str, where: str, default: str = '') -> float:
    text = element.get(key, default)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f'{where}: found {key} {short(text)}, expected a number')
    return number


def write(dataset: LabelledSet, folder: str) -> None:
    """Write ``annotations.xml``."""
    root = Element('annotations')
    SubElement(root, 'version').text = '1.1'
    labels = SubElement(SubElement(SubElement(root, 'meta'), 'job'), 'labels')
    for name in dataset.classes:
        SubElement(SubElement(labels, 'label'), 'name').text = name
    for number, image in enumerate(dataset.images):
        height, width = image.size
        element = SubElement(root, 'image', id=str(number), name=image.name)
        element.attrib |= dict(width=str(width), height=str(height))
        if image.label:
            SubElement(element, 'tag', label=image.label, source='auto')
        for item in image.objects:
            _add_shape(element, item)
    indent(root)
    text = tostring(root, encoding='utf-8', xml_declaration=True)
    Path(folder, 'annotations.xml').write_bytes(text + b'\n')


def _add_shape(element: Element, item: LabelledObject) -> None:
    common = dict(label=item.name, source='auto', occluded='0', z_order='0')
    if isinstance(item.outline, list) and len(item.outline) == 1:
        points = np.reshape(item.outline[0], (-1, 2))
        text = ';'.join(f'{x:.3f},{y:.3f}' for x, y in points)
        SubElement(element, 'polygon', points=text, **common)
        return
    sides = zip(('xtl', 'ytl', 'xbr', 'ybr'), item.box, strict=True)
    SubElement(element, 'box', {k: f'{v:.3f}' for k, v in sides} | common)
