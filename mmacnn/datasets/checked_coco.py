# Copyright (c) mmacnn authors. All rights reserved.
"""mmdet's COCO data set, with its annotation file looked at before it is believed."""

import logging
import os.path as osp
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Annotated, Any

from mmdet.datasets import CocoDataset
from mmdet.datasets.api_wrappers import COCO
from mmengine.logging import print_log
from pydantic import AfterValidator, FailFast, Field, Strict

from mmacnn.registry import DATASETS
from mmacnn.utils import InputError, read_json
from mmacnn.utils.file_schema import FileSchema, check_schema
from mmacnn.utils.text import identifier, short

from .class_names import check_class_names
from .contained_files import FilesBelow
from .image_files import read_image_size
from .named_images import IMPORT_HINT, likely_cause

LITTLE = 2.0  # Pixels that a box may reach over the edge,
LITTLE_FRACTION = 0.02  # or this fraction of the image's larger side.
FAR_FRACTION = 0.1  # More boxes than this far over the edge are no slip of the hand.
LEAST_SIDE = 1.0  # Pixels; mmdet leaves out smaller boxes.


def _check_id(value: Any) -> Any:
    is_number = isinstance(value, int | float) and abs(value) < 1e9
    if not (isinstance(value, str) or is_number):
        raise ValueError('expected a number or text')
    return value


Id = Annotated[Any, AfterValidator(_check_id)]
Side = Annotated[int, Field(gt=0, lt=1e9)]
Coordinate = Annotated[float, Field(gt=-1e9, lt=1e9)]
Extent = Annotated[float, Field(ge=0, lt=1e9)]


class Image(FileSchema):
    id: Id
    file_name: str
    height: Side
    width: Side


class Annotation(FileSchema):
    """``bbox`` is x, y, width, height in pixels."""

    id: Id
    image_id: Id
    category_id: Id
    bbox: Annotated[tuple[Coordinate, Coordinate, Extent, Extent], Strict(False)]
    area: Extent


class Category(FileSchema):
    id: Id
    name: str


class CocoFile(FileSchema):
    images: Annotated[list[Image], FailFast()]
    annotations: Annotated[list[Annotation], FailFast()]
    categories: Annotated[list[Category], FailFast()]


def read_coco(path: str) -> dict:
    """Read a COCO annotation file and look at its structure.

    What is only a matter of form is put right: ids written as text, sizes as floats,
    and no ``area``.

    Returns:
        The content, see :class:`CocoFile`, identifiers unique.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is no COCO file, or an entry lacks a key or repeats an id.
    """
    content = read_json(path, 'COCO json')
    _normalize(content)
    check_schema(CocoFile, content, path, 'COCO json')
    for name in CocoFile.model_fields:
        seen = set()
        for index, entry in enumerate(content[name]):
            if entry['id'] in seen:
                raise InputError(
                    f'{path}: {name}[{index}]: found the id {short(entry["id"])} a '
                    'second time, expected different ones'
                )
            seen.add(entry['id'])
    return content


def _normalize(content: Any) -> None:
    """Ids as text, sizes as floats and a missing area, where entries are dicts."""
    lists = content.values() if isinstance(content, dict) else ()
    entries = (e for values in lists if isinstance(values, list) for e in values)
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        for key in ('id', 'image_id', 'category_id'):
            if key in entry:
                entry[key] = identifier(entry[key])
        for key in ('height', 'width'):
            if isinstance(entry.get(key), float) and entry[key].is_integer():
                entry[key] = int(entry[key])
        if 'bbox' in entry:
            entry.setdefault('iscrowd', 0)
            if 'area' not in entry:
                entry['area'] = _box_area(entry['bbox'])


def _box_area(box: Any) -> float:
    """Width times height; 0 for what is no box, which the schema refuses."""
    try:
        _, _, width, height = box
        return float(width) * float(height)
    except (TypeError, ValueError, OverflowError):
        return 0.0


def remove_root(content: dict, classes: Sequence[str] | None = None) -> None:
    """Leave out the category 0 without boxes that Roboflow puts above the others.

    Args:
        content: As of :func:`read_coco`; changed in place.
        classes: Names that are classes and stay. Without them the category goes only if
            others name it as their ``supercategory``.
    """
    used = {entry['category_id'] for entry in content['annotations']}
    categories = content['categories']
    above = {category.get('supercategory') for category in categories}
    content['categories'] = [
        each
        for each in categories
        if each['id'] != 0
        or 0 in used
        or (each['name'] in classes if classes else each['name'] not in above)
    ]


def check_categories(content: dict, classes: Sequence[str], path: str) -> None:
    """Compare a file's categories with the classes of a config, and sort them so.

    mmdet leaves out boxes of other categories and says nothing, and gives the classes
    their numbers in the order of the file, which becomes that of the config here.

    Args:
        content: What :func:`read_coco` returned.
        classes: Names, in the order of the config.
        path: The file, for messages.

    Raises:
        InputError: The names differ, or ``classes`` is no list of names.
    """
    check_class_names(classes, f'{path}: metainfo.classes')
    remove_root(content, classes)
    names = [category['name'] for category in content['categories']]
    boxes = Counter(annotation['category_id'] for annotation in content['annotations'])
    for category in content['categories']:
        if category['name'] not in classes:
            raise InputError(
                f'{path}: found the category {short(category["name"])} '
                f'({boxes[category["id"]]} boxes), expected one of the classes of the '
                f'config (metainfo.classes): {", ".join(classes)}'
            )
    absent = [name for name in classes if name not in names]
    if absent:
        raise InputError(
            f'{path}: categories: expected {absent[0]!r}, a class of the config '
            f'(metainfo.classes), found {", ".join(names)}'
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f'{path}: categories: found {twice!r} twice, expected different names'
        )
    content['categories'].sort(key=lambda c: list(classes).index(c['name']))
    lacking = [c['name'] for c in content['categories'] if not boxes[c['id']]]
    if lacking and content['annotations']:
        _warn(f'{path}: found no box of {", ".join(lacking)}')


def _warn(message: str) -> None:
    print_log(message, logger='current', level=logging.WARNING)


def check_boxes(content: dict, path: str, test_mode: bool = False) -> None:
    """Look at each annotation's box, image and category.

    Args:
        content: What :func:`read_coco` returned.
        path: The file, for messages.
        test_mode: Whether a file without a box will do: on good parts alone, false
            positives are measured.

    Raises:
        InputError: There is no box in the file that counts, one lies outside of
            its image, its image or category is not in the file, or so many reach over
            the edge that they must be something else.
    """
    if not content['annotations']:
        message = f'{path}: found no box ({len(content["images"])} images)'
        if not test_mode:
            raise InputError(f'{message}, expected at least one annotation')
        _warn(f'{message}, only false positives can be measured')
        return
    if all(annotation['iscrowd'] for annotation in content['annotations']):
        raise InputError(
            f'{path}: found crowds alone ({len(content["annotations"])} annotations '
            'with iscrowd), which nobody counts, expected some with iscrowd 0'
        )
    images = {image['id']: image for image in content['images']}
    categories = {category['id'] for category in content['categories']}
    for index, annotation in enumerate(content['annotations']):
        where = f'{path}: annotations[{index}] (id {annotation["id"]})'
        image = images.get(annotation['image_id'])
        if image is None or annotation['category_id'] not in categories:
            key = 'image_id' if image is None else 'category_id'
            raise InputError(
                f'{where}: found {key} {short(annotation[key])}, expected one of the '
                f"file's {'images' if image is None else 'categories'}"
            )
        x, y, width, height = annotation['bbox']
        beyond = x >= image['width'] or y >= image['height']
        if beyond or x + width < 0 or y + height < 0:
            raise InputError(
                f'{where}: found bbox {annotation["bbox"]}, expected one on the '
                f'{image["width"]}x{image["height"]} image {image["file_name"]}'
            )
    _check_edges(content['annotations'], images, path)


def _check_edges(annotations: list[dict], images: dict, path: str) -> None:
    """Count boxes that reach far over the edge, and those without a side."""
    far, small = [], 0
    for index, annotation in enumerate(annotations):
        image = images[annotation['image_id']]
        x, y, width, height = annotation['bbox']
        outside = max(
            *(-x, -y),
            *(x + width - image['width'], y + height - image['height']),
        )
        side = max(image['width'], image['height'])
        if outside > max(LITTLE, LITTLE_FRACTION * side):
            far.append(index)
        small += width < LEAST_SIDE or height < LEAST_SIDE
    if len(far) > max(1, FAR_FRACTION * len(annotations)):
        raise InputError(
            f'{path}: annotations[{far[0]}]: found {len(far)} of {len(annotations)} '
            'boxes that reach far over the edge of their image, expected [x, y, width, '
            'height] (are they [x1, y1, x2, y2]? `python -m mmacnn import ... --to '
            'coco --coco-boxes xyxy` repairs it)'
        )
    if far:
        _warn(
            f'{path}: annotations[{far[0]}]: found {len(far)} boxes that reach far '
            'over the edge of their image'
        )
    if small:
        _warn(f'{path}: left out {small} boxes of less than a pixel')


def check_images(
    content: dict, folder: str, path: str, check_sizes: bool = True
) -> None:
    """Look whether all images are there, whole, and of the size that the file says.

    Boxes are those of the upright image. Where a photograph has an EXIF note that turns
    it, and the labels were drawn without heed to that, the sizes differ.

    Args:
        content: What :func:`read_coco` returned.
        folder: Where the images are.
        path: The annotation file, for messages.
        check_sizes: Whether to open each image, which takes 0.1 ms on a local disk.

    Raises:
        FileNotFoundError: An image is missing.
        InputError: One lies outside of the folder, is damaged, or has another size.
    """
    files = FilesBelow(folder)
    first: dict[str, int] = {}
    for index, image in enumerate(content['images']):
        where = f'{path}: images[{index}]'
        if first.setdefault(osp.normpath(image['file_name']), index) != index:
            raise InputError(
                f'{where}: found the image {image["file_name"]} a second time, '
                f'expected it once ({IMPORT_HINT})'
            )
        try:
            file = files.find(image['file_name'], where)
        except FileNotFoundError:
            raise FileNotFoundError(_count_absent(content, folder, path)) from None
        if not check_sizes:
            continue
        height, width = read_image_size(file)
        if (height, width) != (image['height'], image['width']):
            raise InputError(
                f'{where}: found {image["width"]}x{image["height"]} (width x height), '
                f'but {file} has {width}x{height} when it is upright, expected the same'
            )


def _count_absent(content: dict, folder: str, path: str) -> str:
    files = [osp.join(folder, image['file_name']) for image in content['images']]
    absent = [file for file in files if not osp.isfile(file)]
    return (
        f'{absent[0]}: found no such image, expected one, listed in {path} '
        f'({len(absent)} of {len(files)} images are missing)'
        + likely_cause(osp.relpath(absent[0], folder or osp.curdir), folder)
    )


@DATASETS.register_module()
class CheckedCocoDataset(CocoDataset):
    """mmdet's ``CocoDataset`` that refuses what mmdet would pass over in silence.

    To train on some of a file's categories, which is then no mistake, use mmdet's.

    Args:
        check_sizes: Whether to look at the header and the end of each image at once.
        *args, **kwargs: Those of :class:`mmdet.datasets.CocoDataset`.

    Raises:
        FileNotFoundError: The annotation file or an image is missing.
        InputError: See :func:`read_coco`, :func:`check_categories`,
            :func:`check_boxes`, :func:`check_images`.
    """

    def __init__(self, *args, check_sizes: bool = True, **kwargs) -> None:
        self.check_sizes = check_sizes
        super().__init__(*args, **kwargs)

    def COCOAPI(self, path: str) -> COCO:
        """Index the annotation file: mmdet calls this in the place of a class."""
        content = read_coco(path)
        check_categories(content, self.metainfo['classes'], path)
        check_boxes(content, path, self.test_mode)
        if self.backend_args is None:  # else the images are not on this disk
            check_images(content, self.data_prefix['img'], path, self.check_sizes)
        return index_coco(content)


def index_coco(content: dict) -> COCO:
    """Make mmdet's index of a file's content."""
    coco = COCO()
    coco.dataset = content
    with redirect_stdout(StringIO()):  # it prints
        coco.createIndex()
    coco.img_ann_map, coco.cat_img_map = coco.imgToAnns, coco.catToImgs
    return coco
