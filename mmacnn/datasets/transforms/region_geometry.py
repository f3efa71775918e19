# Copyright (c) mmacnn authors. All rights reserved.
"""Crops and sizes of an image that keep some of the region that is meant."""

import math
from collections.abc import Sequence

import mmcv
import numpy as np

from mmacnn.registry import TRANSFORMS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number, check_range

from .base import Transform


@TRANSFORMS.register_module()
class CropToRegion(Transform):
    """Cut out the region's box.

    Required and modified keys: ``img`` (H, W, 3), ``gt_seg_map`` (H, W).
    Also modified: ``img_shape``.

    Args:
        margin: What to leave round the box, in parts of its sides, 0 or more.
    """

    def __init__(self, margin: float = 0.0) -> None:
        self.margin = check_number(f'{type(self).__name__}: margin', margin, 0)

    def transform(self, results: dict) -> dict:
        """Crop ``img`` and ``gt_seg_map``."""
        crop(results, *region_box(results['gt_seg_map'], self.margin))
        return results


@TRANSFORMS.register_module()
class RegionResize(Transform):
    """Resize an image and the mask of a region, which never vanishes.

    mmcv's ``Resize`` may leave nothing of a region of a few pixels.

    Required and modified keys: ``img`` (H, W, 3), ``gt_seg_map`` (H, W).
    Also modified: ``img_shape``.

    Args:
        size: (height, width) in pixels, or one number for both.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        self.size = _size(f'{type(self).__name__}: size', size)

    def transform(self, results: dict) -> dict:
        """Resize ``img`` and ``gt_seg_map``."""
        resize(results, self.size)
        return results


@TRANSFORMS.register_module()
class RandomRegionCrop(Transform):
    """Crop at random, some of the region always inside, and resize.

    As mmpretrain's ``RandomResizedCrop``, but the place is drawn among those that hold
    the region's box where the crop is large enough for it, and otherwise among those
    that lie in the box along that side and hold a pixel of the region.

    Required and modified keys: ``img`` (H, W, 3), ``gt_seg_map`` (H, W).
    Also modified: ``img_shape``.

    Args:
        size: (height, width) of the result in pixels, or one number for both.
        area_range: (smallest, largest) area of the crop, in parts of the image's.
        aspect_range: (smallest, largest) ratio of the crop's width to its height,
            relative to that of ``size``.

    Raises:
        InputError: An argument is out of range.
    """

    def __init__(
        self,
        size: int | Sequence[int],
        area_range: Sequence[float] = (0.3, 1.0),
        aspect_range: Sequence[float] = (3 / 4, 4 / 3),
    ) -> None:
        name = type(self).__name__
        self.size = _size(f'{name}: size', size)
        self.area_range = check_range(f'{name}: area_range', area_range, 0, 1)
        self.aspect_range = check_range(f'{name}: aspect_range', aspect_range, 0.01)

    def transform(self, results: dict) -> dict:
        """Crop and resize ``img`` and ``gt_seg_map``."""
        crop(results, *self._draw_box(results['gt_seg_map']))
        resize(results, self.size)
        return results

    def _draw_box(self, mask: np.ndarray) -> tuple[int, int, int, int]:
        height, width = mask.shape
        area = np.random.uniform(*self.area_range) * height * width
        aspect = math.exp(np.random.uniform(*np.log(self.aspect_range)))
        aspect *= self.size[1] / self.size[0]
        sides = (
            min(width, max(1, round(math.sqrt(area * aspect)))),
            min(height, max(1, round(math.sqrt(area / aspect)))),
        )
        box = region_box(mask)
        rows, columns = np.nonzero(mask)
        chosen = np.random.randint(len(rows))
        starts = [
            _draw_start(extent, side, first, last, pixel)
            for extent, side, first, last, pixel in zip(
                (width, height),
                sides,
                box[:2],
                box[2:],
                (columns[chosen], rows[chosen]),
                strict=True,
            )
        ]
        return (*starts, starts[0] + sides[0], starts[1] + sides[1])


def region_box(mask: np.ndarray, margin: float = 0.0) -> tuple[int, int, int, int]:
    """Box of a mask, clipped to the image: left, top, right, bottom in pixels.

    Args:
        mask: (H, W), not 0 everywhere.
        margin: What to leave round it, in parts of its sides.
    """
    ends = []
    for axis in (0, 1):
        inside = np.flatnonzero(mask.any(axis))
        first, last = inside[0], inside[-1] + 1
        extra = round(margin * (last - first))
        ends.append((max(0, first - extra), min(mask.shape[1 - axis], last + extra)))
    (left, right), (top, bottom) = ends
    return int(left), int(top), int(right), int(bottom)


def crop(results: dict, left: int, top: int, right: int, bottom: int) -> None:
    """Cut a box out of ``img`` and ``gt_seg_map``, in pixels."""
    for key in ('img', 'gt_seg_map'):
        results[key] = np.ascontiguousarray(results[key][top:bottom, left:right])
    results['img_shape'] = results['img'].shape[:2]


def resize(results: dict, size: tuple[int, int]) -> None:
    """Bring ``img`` and ``gt_seg_map`` to (height, width).

    A region that is too thin for the new grid keeps the pixels that it touches.
    """
    results['img'] = mmcv.imresize(results['img'], size[::-1])
    mask = mmcv.imresize(results['gt_seg_map'], size[::-1], interpolation='nearest')
    if results['gt_seg_map'].any() and not mask.any():
        # OpenCV takes areas only where both sides shrink, so one that grows waits.
        old = results['gt_seg_map'].astype(np.float32)
        smaller = np.minimum(size, old.shape)[::-1].tolist()
        touched = mmcv.imresize(old, smaller, interpolation='area') > 0
        mask = touched.astype(np.uint8)
        mask = mmcv.imresize(mask, size[::-1], interpolation='nearest')
    results['gt_seg_map'] = mask
    results['img_shape'] = results['img'].shape[:2]


def _draw_start(extent: int, side: int, first: int, last: int, pixel: int) -> int:
    """Where a crop begins along an axis.

    Args:
        extent: Of the image.
        side: Of the crop, at most ``extent``.
        first, last: Of the region, ``last`` not included.
        pixel: One on the region.
    """
    if side >= last - first:
        low, high = last - side, first
    else:
        low, high = max(first, pixel - side + 1), min(last - side, pixel)
    return np.random.randint(max(0, low), min(extent - side, high) + 1)


def _size(name: str, size: int | Sequence[int]) -> tuple[int, int]:
    pair = (size, size) if isinstance(size, int) else tuple(size)
    if len(pair) != 2:
        raise InputError(f'{name} is {size!r}, expected (height, width)')
    return tuple(int(check_number(name, side, 1)) for side in pair)
