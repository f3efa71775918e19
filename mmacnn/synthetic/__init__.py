# Copyright (c) mmacnn authors. All rights reserved.
"""A seeded inspection world: generated photographs with exact labels.

Layers, each of plain functions. Print on a bottle: ``wording``, ``text``, ``hangul``,
``icons`` and ``layout`` make the flat print, ``geometry`` wraps it round the bottle,
``surface`` paints the scene, ``ink`` lays the print on it. Flat goods: ``materials``
weaves cloth and rolls metal, ``defects`` damages it, ``clutter`` adds what looks like
damage, ``ground`` joins two of them, ``parts`` and ``small_parts`` are laid on them,
``relief`` lights it all. Both: ``optics`` adds lamps and the lens, ``sensor`` takes the
picture, ``writer`` and ``label_formats`` store it. ``devices`` holds the numbers of
each camera. A task names its classes, its devices, how its labels are stored and the
function that draws one image from these layers. ``pasting`` cuts objects out of
photographs, for :mod:`mmacnn.converters.composing`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number

from .camera.devices import DeviceStyle, SurfaceStyle
from .label_formats import COCO, FOLDERS, MVTEC, YOLO, Instance, LabelFormat
from .tasks import anomaly, defect_folders, product_code, regions, surface_defects
from .writer import write_dataset


@dataclass(frozen=True)
class Task:
    """One data set that the world can make.

    Args:
        classes (tuple[str]): names, in the order of their indices.
        devices (Mapping): device of each split.
        draw (Callable): ``(seeds, label, size, device) -> (image, annotation)``, see
            ``product_code.make_product_code``.
        labels (LabelFormat): stores what ``draw`` returns as annotation.
        size (tuple[int, int]): image (height, width) unless the user asks for another.
        cycles (Mapping): labels of a split's images in turn, in an order drawn anew
            every time; of a split that is not named, each class once.
    """

    classes: tuple
    devices: Mapping
    draw: Callable
    labels: LabelFormat
    size: tuple
    cycles: Mapping = field(default_factory=dict)


TASKS = {
    'product-code': Task(
        classes=product_code.CLASSES,
        devices=product_code.DEVICES,
        draw=product_code.make_product_code,
        labels=YOLO,
        size=(480, 640),
    ),
    'product-code-wide': Task(
        classes=product_code.CLASSES,
        devices=product_code.WIDE_DEVICES,
        draw=product_code.make_product_code,
        labels=YOLO,
        size=(480, 640),
    ),
    'surface-defects': Task(
        classes=surface_defects.CLASSES,
        devices=surface_defects.DEVICES,
        draw=surface_defects.make_surface,
        labels=COCO,
        size=(320, 320),
    ),
    'defect-folders': Task(
        classes=defect_folders.CLASSES,
        devices=surface_defects.DEVICES,
        draw=defect_folders.make_sample,
        labels=FOLDERS,
        size=(160, 160),
    ),
    'regions': Task(
        classes=regions.CLASSES,
        devices=regions.DEVICES,
        draw=regions.make_regions,
        labels=COCO,
        size=(160, 160),
    ),
    'anomaly': Task(
        classes=anomaly.CLASSES,
        devices=anomaly.DEVICES,
        draw=anomaly.make_part,
        labels=MVTEC,
        size=(256, 256),
        cycles=anomaly.CYCLES,
    ),
}


def with_turns(task: Task, rotate: float) -> Task:
    """Return the task with cameras that turn about their optical axis.

    Args:
        task: Whose devices are ``DeviceStyle``; its labels become oriented boxes.
        rotate: Largest turn to either side in degrees, in ``[0, 180]``.

    Raises:
        InputError: If the angle is out of range or the task's cameras do not turn.
    """
    angle = np.radians(check_number('rotate', rotate, 0, 180))
    if not all(isinstance(style, DeviceStyle) for style in task.devices.values()):
        raise InputError(
            'rotate: the cameras of product-code and product-code-wide turn, no others'
        )
    devices = {
        split: replace(style, turn=(-angle, angle))
        for split, style in task.devices.items()
    }
    return replace(task, devices=devices)


__all__ = [
    'TASKS',
    'DeviceStyle',
    'Instance',
    'LabelFormat',
    'SurfaceStyle',
    'Task',
    'with_turns',
    'write_dataset',
]
