# Copyright (c) mmacnn authors. All rights reserved.
"""Where a task's images lie and how its annotations are stored: text, json, masks."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np


@dataclass(frozen=True)
class LabelFormat:
    """One way to store images and annotations.

    Folders start from the data set's own; ``{split}`` and ``{label}`` in them stand for
    the image's split and for its class, where that is told by the folder.

    Args:
        annotations (str): folder of the file of each image.
        write (Callable): ``(folder, name, annotation, size) -> record``, run by the
            worker that drew the image; ``size`` is (height, width), pixels.
        finish (Callable): ``(split_folder, records, classes)``, run once a split with
            the records in the order of the images.
        images (str): folder of the images.
        suffix (str): of the images; ``.jpg`` loses a little, ``.png`` nothing.
    """

    annotations: str
    write: Callable
    finish: Callable
    images: str = '{split}/images'
    suffix: str = '.jpg'


@dataclass(frozen=True)
class Instance:
    """One object on an image.

    Args:
        label (int): class index.
        mask (np.ndarray): bool of shape (height, width), True somewhere.
    """

    label: int
    mask: np.ndarray

    @property
    def box(self):
        """Smallest box of the mask as (x, y, width, height), pixels."""
        return cv2.boundingRect(self.mask.astype(np.uint8))


def yolo_line(label, box, size):
    """Label line ``class cx cy w h`` or ``class x1 y1 ... x4 y4``, normalised.

    Args:
        label (int): class index.
        box (np.ndarray): (x0, y0, x1, y1) or corners (4, 2), pixels; clipped to the
            image.
        size (tuple[int, int]): image (height, width), pixels.
    """
    numbers = np.clip(np.reshape(box, (-1, 2)) / size[::-1], 0, 1)
    if len(numbers) == 2:
        numbers = np.stack((numbers.mean(0), numbers[1] - numbers[0]))
    numbers = numbers.ravel()
    return ' '.join([str(label), *(f'{n:.6f}' for n in numbers)]) + '\n'


def run_lengths(mask):
    """COCO's uncompressed run lengths of a mask.

    Args:
        mask (np.ndarray): bool of shape (height, width).

    Returns:
        dict: ``size`` [height, width] and ``counts``, the lengths of runs of False and
        True in turn down the columns, the first of False.
    """
    flat = np.concatenate([[False], mask.ravel(order='F')])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    counts = np.diff(np.concatenate([[0], changes, [mask.size]]))
    return {'size': list(mask.shape), 'counts': counts.tolist()}


def _write_yolo(folder, name, annotation, size):
    label, box = annotation
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f'{name}.txt').write_text(yolo_line(label, box, size))


def _nothing_more(split_folder, records, classes):
    """The files of the images say all."""


def _write_mask(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, picture)[1])


def _write_union(folder, name, instances, size, ending=''):
    """Write 255 where a defect is; an image without one has no mask."""
    if instances:
        defective = np.any([instance.mask for instance in instances], axis=0)
        _write_mask(folder / f'{name}{ending}.png', 255 * defective.astype(np.uint8))


def _write_masks(folder: Path, name: str, instances: Sequence[Instance], size: tuple):
    """Write class index + 1 of each pixel, 0 where nothing is, and return the image."""
    picture = np.zeros(size, np.uint8)
    annotations = []
    for instance in instances:
        picture[instance.mask] = instance.label + 1
        annotations.append(
            {
                'category_id': instance.label + 1,
                'bbox': list(instance.box),
                'area': int(instance.mask.sum()),
                'segmentation': run_lengths(instance.mask),
                'iscrowd': 0,
            }
        )
    _write_mask(folder / f'{name}.png', picture)
    image = {'file_name': f'{name}.jpg', 'height': size[0], 'width': size[1]}
    return image, annotations


def _write_coco_json(split_folder, records, classes):
    """Number images, annotations and categories from 1 and write the file.

    COCO's evaluation takes an annotation of number 0 for none.
    """
    content = {'images': [], 'annotations': []}
    for image_id, (image, annotations) in enumerate(records, start=1):
        content['images'].append({'id': image_id, **image})
        for annotation in annotations:
            number = len(content['annotations']) + 1
            content['annotations'].append(
                {'id': number, 'image_id': image_id, **annotation}
            )
    content['categories'] = [
        {'id': i, 'name': name} for i, name in enumerate(classes, start=1)
    ]
    (split_folder / 'annotations.json').write_text(json.dumps(content) + '\n')


YOLO = LabelFormat('{split}/labels', _write_yolo, _nothing_more)
"""Of tasks whose annotation is (class index, box or its corners)."""

COCO = LabelFormat('{split}/masks', _write_masks, _write_coco_json)
"""Of tasks whose annotation is a sequence of :class:`Instance`."""

FOLDERS = LabelFormat(
    '{split}/masks/{label}',
    _write_union,
    _nothing_more,
    images='{split}/images/{label}',
)
"""Of tasks whose label is for the whole image; the masks are for testing."""

MVTEC = LabelFormat(
    'ground_truth/{label}',
    partial(_write_union, ending='_mask'),
    _nothing_more,
    images='{split}/{label}',
    suffix='.png',
)
"""Of tasks that train on good images alone; the layout of MVTec AD."""
