# Copyright (c) mmacnn authors. All rights reserved.
"""Pascal VOC's xml, one file an image, to one COCO json."""

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from defusedxml import DTDForbidden
from defusedxml import ElementTree as safe_xml

from mmacnn.datasets.class_names import check_class_names
from mmacnn.datasets.image_files import (
    IMAGE_SUFFIXES,
    list_files_below,
    read_image_size,
    require_folder,
)
from mmacnn.utils import InputError, atomic_write, track
from mmacnn.utils.text import short

TOLERANCE = 1.0  # Pixels that a box may reach over the border, where it is cut off.


def convert_voc(
    xml_dir: str, img_dir: str, out: str, classes: Sequence[str], first: int = 1
) -> dict[str, int]:
    """Write the annotations of a folder as COCO json.

    An image is found by the name of its xml file, since tools leave other names in the
    xml, and its size is that of the image file. ``area`` is that of the box. What the
    xml marks as difficult is ``iscrowd``, which neither training nor a metric counts.

    Args:
        xml_dir: Folder of xml files; those in folders below it count too.
        img_dir: Folder of images; those in folders below it count too.
        out: The json file, which must not be there.
        classes: Names of the classes; they get the ids 1, 2, ... in this order.
        first: Number of the first pixel in the xml: 1 in Pascal VOC's own files, where
            a box includes both ``xmin`` and ``xmax``, or 0, where it ends at ``xmax``.

    Returns:
        Number of boxes of each class.

    Raises:
        FileNotFoundError: A folder is missing or holds no xml file, or an image is
            missing.
        FileExistsError: ``out`` is there.
        InputError: An xml file or an image is wrong, or two images share a name.
    """
    if Path(out).exists():
        raise FileExistsError(f'{out}: expected a new file, found one')
    classes = check_class_names(classes, 'classes')
    images = _find(img_dir, IMAGE_SUFFIXES)
    content = {'images': [], 'annotations': []}
    for stem, path in track(list(_find(xml_dir, ('.xml',)).items()), 'Converting'):
        if stem not in images:
            raise FileNotFoundError(f'{path}: found no image {stem}.* in {img_dir}')
        size = read_image_size(str(images[stem]))
        image = images[stem].relative_to(img_dir).as_posix()
        image_id = len(content['images']) + 1
        content['images'].append(
            dict(id=image_id, file_name=image, height=size[0], width=size[1])
        )
        for label, corners, difficult in read_voc(str(path), classes, size):
            box = _coco_box(corners, size, first, str(path))
            content['annotations'].append(
                dict(
                    id=len(content['annotations']) + 1,
                    image_id=image_id,
                    category_id=label + 1,
                    bbox=box,
                    area=box[2] * box[3],
                    iscrowd=int(difficult),
                )
            )
    content['categories'] = [
        {'id': i, 'name': name} for i, name in enumerate(classes, start=1)
    ]
    with atomic_write(out) as path:
        Path(path).write_text(json.dumps(content) + '\n')
    labels = [annotation['category_id'] - 1 for annotation in content['annotations']]
    return {name: labels.count(i) for i, name in enumerate(classes)}


def read_voc(
    path: str, classes: Sequence[str], size: tuple[int, int] | None = None
) -> list[tuple]:
    """Read the objects of one xml file.

    Args:
        path: The file.
        classes: Names of the classes.
        size: (height, width) of the image, upright.

    Returns:
        Of each object its class index, (xmin, ymin, xmax, ymax) as written, and whether
        it is marked difficult.

    Raises:
        InputError: It is no xml, declares a document type, an object is wrong, or the
            boxes were drawn on the image as it lies, and not upright.
    """
    root = _parse(path)
    if root.tag != 'annotation':
        raise InputError(f'{path}: expected <annotation>, found <{root.tag}>')
    drawn_on = tuple(root.findtext(f'size/{side}') for side in ('width', 'height'))
    if size and size[0] != size[1] and drawn_on == tuple(map(str, size)):
        raise InputError(
            f'{path}: found the size {"x".join(drawn_on)} (width x height), but the '
            f'image has {size[1]}x{size[0]} when it is upright as its EXIF note says, '
            'expected boxes on the upright image'
        )
    objects = []
    for number, element in enumerate(root.iter('object'), start=1):
        where = f'{path}, object {number}'
        name = (element.findtext('name') or '').strip()
        if name not in classes:
            raise InputError(
                f'{where}: found the class {short(name)}, expected one of '
                f'{", ".join(classes)}'
            )
        corners = [
            _number(element, f'bndbox/{side}', where)
            for side in ('xmin', 'ymin', 'xmax', 'ymax')
        ]
        difficult = (element.findtext('difficult') or '0').strip() == '1'
        objects.append((list(classes).index(name), corners, difficult))
    return objects


def _parse(path: str) -> ElementTree.Element:
    """Parse xml without document types, whose entities can grow beyond all memory."""
    try:
        return safe_xml.parse(path, forbid_dtd=True).getroot()
    except DTDForbidden:
        found = 'a document type (DOCTYPE)'
    except (safe_xml.ParseError, LookupError, ValueError) as error:
        found = str(error)
    raise InputError(f'{path}: expected plain xml, found {found}')


def _number(element: ElementTree.Element, key: str, where: str) -> float:
    text = element.findtext(key)
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = float('nan')
    if not abs(number) < float('inf'):
        raise InputError(f'{where}: found {short(text)} as {key}, expected a number')
    return number


def _coco_box(corners: list[float], size: tuple, first: int, where: str) -> list[float]:
    """``[x, y, width, height]`` from 0, cut off at the image's border."""
    height, width = size
    # With coordinates from 1 the last pixel belongs to the box: -1 for the origin and
    # +1 for the pixel.
    left, top, right, bottom = (corners[0] - first, corners[1] - first, *corners[2:])
    outside = max(-left, -top, right - width, bottom - height)
    x, y = max(left, 0), max(top, 0)
    w, h = min(right, width) - x, min(bottom, height) - y
    if outside > TOLERANCE or min(w, h) <= 0:
        raise InputError(
            f'{where}: found the box {corners} (xmin, ymin, xmax, ymax), expected one '
            f'with an area, on the {width}x{height} image'
        )
    return [x, y, w, h]


def _find(folder: str, suffixes: tuple[str, ...]) -> dict[str, Path]:
    """Files in a folder and below it by their names without suffix, sorted."""
    require_folder(folder, 'one')
    found = {}
    for name in list_files_below(folder, suffixes):
        path = Path(folder, name)
        if path.stem in found:
            raise InputError(
                f'{path}: found the name of {found[path.stem]} again, expected '
                'different names, by which images and xml files belong together'
            )
        found[path.stem] = path
    if not found:
        raise FileNotFoundError(f'{folder}: found no file {" ".join(suffixes)} in it')
    return dict(sorted(found.items()))
