# Copyright (c) mmacnn authors. All rights reserved.
"""A seeded inspection world: generated photographs with exact labels.

Layers, each of plain functions: ``wording``, ``text``, ``hangul``, ``icons`` and
``layout`` make the flat print; ``geometry`` wraps it round the bottle; ``surface``
paints the scene, ``optics`` adds light, ``sensor`` takes the picture, ``writer``
stores it. ``devices`` holds the numbers of each camera. A task names its classes, its
devices and the function that draws one image from these layers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import product_code
from .devices import DeviceStyle
from .writer import write_dataset


@dataclass(frozen=True)
class Task:
    """One data set that the world can make.

    Args:
        classes (tuple[str]): names, in the order of their indices.
        devices (Mapping[str, DeviceStyle]): device of each split.
        draw (Callable): ``(seeds, label, size, device) -> (image, box)``, see
            ``product_code.make_product_code``.
    """

    classes: tuple
    devices: Mapping
    draw: Callable


TASKS = {
    'product-code': Task(
        classes=product_code.CLASSES,
        devices=product_code.DEVICES,
        draw=product_code.make_product_code,
    ),
}

__all__ = ['TASKS', 'DeviceStyle', 'Task', 'write_dataset']
