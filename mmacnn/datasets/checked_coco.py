# Copyright (c) mmacnn authors. All rights reserved.
"""mmdet's COCO data set, with its annotation file looked at before it is believed."""

import os.path as osp
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from mmdet.datasets import CocoDataset
from mmdet.datasets.api_wrappers import COCO
from pydantic import AfterValidator, FailFast, Field, Strict

from mmacnn.registry import DATASETS
from mmacnn.utils import InputError, read_json
from mmacnn.utils.file_schema import FileSchema, check_schema
from mmacnn.utils.text import short

from .contained_files import FilesBelow
from .image_files import read_image_size


def _check_id(value: Any) -> Any:
    is_number = isinstance(value, int | float) and abs(value) < 1e9
    if not (isinstance(value, str) or is_number):
        raise ValueError('expected a number or text')
    return value


Id = Annotated[Any, AfterValidator(_check_id)]
Side = Annotated[int, Field(gt=0, lt=1e9)]
Place = Annotated[float, Field(gt=-1e9, lt=1e9)]
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
    bbox: Annotated[tuple[Place, Place, Extent, Extent], Strict(False)]
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

    Returns:
        The content, see :class:`CocoFile`, identifiers unique.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is no COCO file, or an entry lacks a key or repeats an id.
    """
    content = read_json(path, 'COCO json')
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


def check_categories(content: dict, classes: Sequence[str], path: str) -> None:
    """Compare a file's categories with the classes of a config.

    mmdet leaves out boxes of other categories and says nothing, and gives the classes
    their numbers in the order of the file.

    Args:
        content: What :func:`read_coco` returned.
        classes: Names, in the order of the config.
        path: The file, for messages.

    Raises:
        InputError: The names or their order differ.
    """
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
    if names != list(classes):
        raise InputError(
            f'{path}: categories: found the order {", ".join(names)}, expected that of '
            f"the config's metainfo.classes: {', '.join(classes)}"
        )


def check_boxes(content: dict, path: str) -> None:
    """Look at each annotation's box, image and category.

    Args:
        content: What :func:`read_coco` returned.
        path: The file, for messages.

    Raises:
        InputError: There is no box in the whole file, one lies outside of its image, or
            its image or category is not in the file.
    """
    if not content['annotations']:
        raise InputError(
            f'{path}: found no box ({len(content["images"])} images), expected '
            'at least one annotation'
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
    for index, image in enumerate(content['images']):
        where = f'{path}: images[{index}]'
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
        check_boxes(content, path)
        if self.backend_args is None:  # else the images are not on this disk
            check_images(content, self.data_prefix['img'], path, self.check_sizes)
        coco = COCO()
        coco.dataset = content
        coco.createIndex()
        coco.img_ann_map, coco.cat_img_map = coco.imgToAnns, coco.catToImgs
        return coco
