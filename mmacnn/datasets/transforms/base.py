# Copyright (c) mmacnn authors. All rights reserved.
"""What the transforms share."""

import inspect

import numpy as np
from mmcv.transforms import BaseTransform

from mmacnn.utils import InputError


class Transform(BaseTransform):
    """A transform that keeps its arguments under their names, and shows them."""

    def __repr__(self) -> str:
        names = inspect.signature(type(self)).parameters
        settings = ', '.join(f'{name}={getattr(self, name)!r}' for name in names)
        return f'{type(self).__name__}({settings})'


def uint8_image(results: dict, transform: str) -> np.ndarray:
    """Return ``results['img']`` if it is ``(H, W, 3)`` uint8.

    Raises:
        InputError: If it is anything else.
    """
    image = results['img']
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise InputError(
            f'{transform}: {results.get("img_path", "the image")} has shape '
            f'{image.shape} and type {image.dtype}, expected (H, W, 3) uint8'
        )
    return image
