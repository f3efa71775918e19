# Copyright (c) mmacnn authors. All rights reserved.
"""Pascal VOC's xml, one file an image, as labelImg, Roboflow and CVAT write it."""

import math
import os.path as osp
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .annotations import LabelledImage, LabelledObject, LabelledSet
from .geometry import box_of, turned_box
from .source import Source, key_of

NAME = 'voc'
SIDES = ('xmin', 'ymin', 'xmax', 'ymax')


def recognise(source: Source) -> str | None:
    """Say what was found, or None where it is another format."""
    files = source.with_suffix('.xml')
    if files and source.xml(files[0]).tag == 'annotation':
        return f'Pascal VOC xml ({len(files)} files)'
    return None


def read(source: Source, first_pixel: int | None = None) -> LabelledSet:
    """Read all xml files of a source.

    Args:
        source: The files.
        first_pixel: Number of the first pixel: 1 as in Pascal VOC, where a box includes
            ``xmin`` and ``xmax``, or 0, where it ends at ``xmax``. By default 0 if any
            coordinate is 0 or no whole number, else 1.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: A file is wrong.
    """
    _read_splits(source)
    images, starts_at_0, names = [], False, set()
    for file in source.with_suffix('.xml'):
        where = source.absolute(file)
        root = source.xml(file)
        if root.tag != 'annotation':
            raise InputError(f'{where}: expected <annotation>, found <{root.tag}>')
        path = _find_image(source, file, root)
        if path is None:
            continue
        image = source.open_image(path, where)
        image.labelled_size = _size(root)
        for number, element in enumerate(root.findall('object'), start=1):
            item = _read_object(element, f'{where}, object {number}', source)
            if item.outline is None:
                x, y = item.box[:2]
                starts_at_0 |= min(x, y) <= 0 or any(v % 1 for v in item.box)
            image.objects.append(item)
            names.add(item.name)
        images.append(image)
    if first_pixel is None:
        first_pixel = 0 if starts_at_0 else 1
        source.notes.add(f'first pixel taken for {first_pixel} (--first-pixel says so)')
    for image in images:
        for item in image.objects:
            if item.outline is None:
                left, top, right, bottom = item.box
                # from 1 both ends belong to the box: -1 for the origin, +1 for the end
                item.box = left - first_pixel, top - first_pixel, right, bottom
    source.add_unlabelled(images)
    return LabelledSet(NAME, images, sorted(names))


def _read_splits(source: Source) -> None:
    """Take the splits from ``ImageSets/Main/train.txt``."""
    by_stem = {Path(image).stem: image for image in source.images}
    for file in source.with_suffix('.txt'):
        split = {'train': 'train', 'val': 'val', 'test': 'test'}.get(Path(file).stem)
        if split and 'imagesets' in file.lower():
            for line in source.text(file).splitlines():
                stem = line.split()[0] if line.split() else ''
                if stem in by_stem:
                    source.splits[by_stem[stem]] = split


def _find_image(source: Source, file: str, root: Element) -> str | None:
    """By the xml file's own name, since tools leave other names in the xml."""
    named = (root.findtext('filename') or '').strip()
    where = source.absolute(file)
    path = source.images_by_key.get(key_of(file))
    stem = osp.splitext(osp.basename(file))[0]
    if path is None and stem.lower() not in source.finder.by_stem and named:
        return source.find_image(named, where, file)
    if path is None:
        path = source.find_image(f'{stem}.jpg', where, file)
    if path is not None and named:
        theirs = osp.splitext(named.replace('\\', '/').rpartition('/')[2])[0]
        if theirs != osp.splitext(osp.basename(path))[0]:
            source.notes.add(
                'xml that names another image than its own name does, which counts',
                where,
            )
    return path


def _size(root: Element) -> tuple[float, float] | None:
    try:
        size = float(root.findtext('size/width')), float(root.findtext('size/height'))
    except (TypeError, ValueError):
        return None
    return size if min(size) > 0 else None  # some tools write 0


def _read_object(element: Element, where: str, source: Source) -> LabelledObject:
    name = (element.findtext('name') or '').strip()
    if not name:
        raise InputError(f'{where}: found no name of a class, expected one')
    is_crowd = (element.findtext('difficult') or '0').strip() == '1'
    if is_crowd:
        source.notes.add(
            'difficult object kept as a crowd, which nothing counts', where
        )
    turned = element.find('robndbox')
    if turned is not None:
        cx, cy, w, h, angle = (
            _number(turned, key, where) for key in ('cx', 'cy', 'w', 'h', 'angle')
        )
        source.notes.add('oriented box (its corners are kept as a polygon)', where)
        polygon = turned_box((cx, cy), (w, h), angle)
        return LabelledObject(name, box_of(polygon), [polygon], is_crowd, where=where)
    box = tuple(_number(element, f'bndbox/{side}', where) for side in SIDES)
    if box[2] < box[0] or box[3] < box[1]:
        raise InputError(
            f'{where}: found the box {[*map(float, box)]} ({", ".join(SIDES)}), '
            'expected xmax and ymax that are not less than xmin and ymin'
        )
    return LabelledObject(name, box, is_crowd=is_crowd, where=where)


def _number(element: Element, key: str, where: str) -> float:
    text = element.findtext(key)
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f'{where}: found {short(text)} as {key}, expected a number')
    return number


def write(dataset: LabelledSet, folder: str) -> None:
    """Write ``annotations/*.xml`` with whole numbers from 1, as labelImg reads them."""
    for image in dataset.images:
        path = Path(folder, 'annotations', Path(image.name).with_suffix('.xml'))
        path.parent.mkdir(parents=True, exist_ok=True)
        root = _element_of(image)
        indent(root)
        path.write_bytes(tostring(root, encoding='utf-8') + b'\n')


def _element_of(image: LabelledImage) -> Element:
    root = Element('annotation')
    SubElement(root, 'folder').text = 'images'
    SubElement(root, 'filename').text = image.name
    size = SubElement(root, 'size')
    for key, value in zip(('height', 'width'), image.size, strict=True):
        SubElement(size, key).text = str(value)
    SubElement(size, 'depth').text = '3'
    for item in image.objects:
        element = SubElement(root, 'object')
        SubElement(element, 'name').text = item.name
        SubElement(element, 'difficult').text = str(int(item.is_crowd))
        box = SubElement(element, 'bndbox')
        left, top, right, bottom = item.box
        corners = (
            *(math.floor(left + 0.5) + 1, math.floor(top + 0.5) + 1),
            *(math.floor(right + 0.5), math.floor(bottom + 0.5)),
        )
        for side, value in zip(SIDES, corners, strict=True):
            SubElement(box, side).text = str(value)
    return root
