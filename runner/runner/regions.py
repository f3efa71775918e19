# Copyright (c) mmacnn authors. All rights reserved.
"""Prompt regions: the boxes, polygons and masks that the user named."""

import os

import cv2
import numpy as np

from .errors import UserError


class Regions:
    """The same regions on every frame.

    Args:
        masks (list): pictures of the frames' size, 0 but on the region, where they have
            one other value.
        boxes (list): (x, y, width, height) each, in pixels of the frame.
        polygons (list): (x0, y0, x1, y1, ...) each, in pixels of the frame.
    """

    def __init__(self, masks=(), boxes=(), polygons=()):
        named = [(path, path) for path in masks]
        named += [('--box ' + _text(box), _corners(box)) for box in boxes]
        named += [('--polygon ' + _text(each), _points(each)) for each in polygons]
        self._named = named
        self._size, self._masks = None, []

    def __bool__(self):
        return bool(self._named)

    def masks(self, size):
        """Each region as (H, W) uint8, 1 on it.

        Args:
            size (tuple): (height, width) of the frame.

        Raises:
            UserError: one is not of such a frame, or covers no pixel of it.
        """
        if size != self._size:
            self._masks = [_mask(name, region, size) for name, region in self._named]
            self._size = size
        return self._masks


def _text(numbers):
    return ','.join(f'{number:g}' for number in numbers)


def _corners(box):
    if len(box) != 4 or min(box[2:]) <= 0:
        raise UserError(
            f'--box: found {_text(box)}, expected x,y,width,height in pixels, the last '
            'two above 0'
        )
    x, y, width, height = box
    right, bottom = x + width, y + height
    return np.array([(x, y), (right, y), (right, bottom), (x, bottom)], float)


def _points(polygon):
    if len(polygon) < 6 or len(polygon) % 2:
        raise UserError(
            f'--polygon: found {_text(polygon)}, expected three or more corners '
            'x,y,x,y,x,y'
        )
    return np.array(polygon, float).reshape(-1, 2)


def _mask(name, region, size):
    height, width = size
    if isinstance(region, str):
        mask = _read(region, size)
    else:
        low, high = (-width, -height), (2 * width, 2 * height)
        # Some tools draw beyond the edge; far beyond, it is another image's.
        if not ((region >= low) & (region <= high)).all():
            raise UserError(
                f'{name}: expected coordinates on the {width}x{height} image'
            )
        mask = fill(region, size)
    if not mask.any():
        raise UserError(
            f'{name}: found an empty region, expected one that covers at least a pixel '
            f'of the {width}x{height} image'
        )
    return mask


def fill(points, size):
    """Pixels whose centre is inside a polygon.

    Args:
        points (np.ndarray): (N, 2), x and y in pixels, edge to edge.
        size (tuple): (height, width).

    Returns:
        np.ndarray: (H, W) uint8.
    """
    height, width = size
    # Down a column of pixels, inside and outside change where an edge is crossed.
    changes = np.zeros((height + 1, width), np.uint8)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0)):
        first, last = (int(np.ceil(x - 0.5)) for x in sorted((x0, x1)))
        columns = np.arange(max(first, 0), min(last, width))
        y = y0 + (columns + 0.5 - x0) * (y1 - y0) / ((x1 - x0) or 1)
        rows = np.clip(np.ceil(y - 0.5), 0, height).astype(int)
        changes[rows, columns] ^= 1
    return np.bitwise_xor.accumulate(changes[:height], axis=0)


def _read(path, size):
    if not os.path.isfile(path):
        raise UserError(f'{path}: no such mask')
    try:
        content = np.fromfile(path, np.uint8)
        mask = cv2.imdecode(content, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error:  # empty, or a header that claims more pixels than OpenCV takes
        mask = None
    if mask is None:
        raise UserError(f'{path}: not a readable image')
    if mask.ndim == 3:
        if (mask != mask[..., :1]).any():
            raise UserError(f'{path}: found colours, expected a mask of two values')
        mask = mask[..., 0]
    if mask.shape != size:
        raise UserError(
            '{}: found a mask of {}x{} pixels, expected {}x{} as the image'.format(
                path, *(*mask.shape[::-1], *size[::-1])
            )
        )
    if len(np.unique(mask[mask != 0])) > 1:
        raise UserError(
            f'{path}: found more than two values, expected 0, and another one on the '
            'region (a file without loss, such as PNG)'
        )
    return (mask != 0).astype(np.uint8)
