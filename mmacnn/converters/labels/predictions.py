# Copyright (c) mmacnn authors. All rights reserved.
"""What a model found, as labels that labelling tools open."""

import os.path as osp
from collections.abc import Iterable
from typing import Protocol

from mmacnn.datasets.image_files import read_image_size
from mmacnn.utils import InputError, atomic_folder

from . import coco, cvat, label_studio, labelme, table, voc, yolo
from .annotations import Box, LabelledImage, LabelledObject, LabelledSet
from .importer import name_images

WRITERS = {
    module.NAME: module.write
    for module in (coco, yolo, voc, labelme, cvat, label_studio, table)
}
UNNAMED = 'defect'  # What a map marks, where the image has no class.


class Found(Protocol):
    """A detection, as :class:`mmacnn.inference.result.Detection`."""

    box: Box
    class_name: str
    score: float | None


class Result(Protocol):
    """An image's result, as :class:`mmacnn.inference.result.InspectionResult`."""

    source: str
    verdict: str
    class_name: str
    score: float | None
    roi: Box | None
    detections: tuple[Found, ...]
    error: str


def check_format(format: str) -> None:
    """Refuse a name that is no label format."""
    if format not in WRITERS:
        raise InputError(
            f'{format}: found no such label format, expected one of '
            f'{", ".join(WRITERS)}'
        )


def write_labels(dataset: LabelledSet, format: str, folder: str) -> None:
    """Write labels without their images.

    Args:
        dataset: The labels; names of the images are made where they have none.
        format: 'coco', 'yolo', 'voc', 'labelme', 'cvat', 'label_studio' or 'csv'.
        folder: New or empty folder.

    Raises:
        InputError: There is no such format.
        FileExistsError: ``folder`` holds something.
    """
    check_format(format)
    if not all(image.name for image in dataset.images):
        name_images(dataset)
    with atomic_folder(folder) as root:
        WRITERS[format](dataset, str(root))


def write_predictions(
    results: Iterable[Result],
    format: str,
    folder: str,
    classes: list[str] | None = None,
) -> dict[str, int]:
    """Write what was found on image files as labels, for correcting in a tool.

    Args:
        results: Of each image its path, detections, and where A-CNN looked (``roi``)
            with the class it saw.
        format: See :func:`write_labels`.
        folder: New or empty folder.
        classes: All class names in the order of their numbers; by default those that
            were found, by the alphabet.

    Returns:
        Number of ``images`` and ``objects`` written, and of results ``left out`` which
        are no image file (a camera's, an array) or could not be read.

    Raises:
        InputError: There is no such format.
        FileExistsError: ``folder`` holds something.
    """
    images, left_out = [], 0
    for result in results:
        if result.error or not osp.isfile(result.source):
            left_out += 1
            continue
        image = LabelledImage(result.source, read_image_size(result.source))
        image.objects = _objects_of(result, image.size)
        images.append(image)
    found = {item.name for image in images for item in image.objects}
    names = list(classes or ())
    names += sorted(found.difference(names))
    write_labels(LabelledSet('predictions', images, names), format, folder)
    objects = sum(len(image.objects) for image in images)
    return {'images': len(images), 'objects': objects, 'left out': left_out}


def _objects_of(result: Result, size: tuple[int, int]) -> list[LabelledObject]:
    height, width = size
    # What a map marks on an image that passes is no defect.
    found = [
        (d.class_name or result.class_name or UNNAMED, d.box, d.score)
        for d in result.detections
        if d.class_name or result.verdict != 'pass'
    ]
    if not result.detections and result.roi is not None:
        found = [(result.class_name or UNNAMED, result.roi, result.score)]
    objects = []
    for name, box, score in found:
        left, top, right, bottom = map(float, box)
        left, top = max(left, 0.0), max(top, 0.0)
        right, bottom = min(right, float(width)), min(bottom, float(height))
        if right - left >= 1 and bottom - top >= 1:
            objects.append(
                LabelledObject(name, (left, top, right, bottom), score=score)
            )
    return objects
