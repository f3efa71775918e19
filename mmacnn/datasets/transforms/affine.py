# Copyright (c) mmacnn authors. All rights reserved.
"""Random translation, scale, rotation and shear of image, boxes and mask together.

mmdet's ``RandomAffine`` scales about the corner of the image instead of its centre and
drops the box of an object that leaves the image, while the image keeps its class.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from mmacnn.registry import TRANSFORMS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number, check_range

from .base import Transform, uint8_image

BORDERS = dict(reflect=cv2.BORDER_REFLECT_101, edge=cv2.BORDER_REPLICATE)


def affine_matrix(
    size: tuple[int, int], scale: float, rotate: float, shear: float
) -> np.ndarray:
    """Return the map that shears, scales and rotates about the image's centre.

    Args:
        size: ``(height, width)`` of the image in pixels.
        scale: Factor of size.
        rotate: Angle in degrees, clockwise as seen on the image.
        shear: Angle in degrees by which vertical lines lean.

    Returns:
        ``(2, 3)`` float64; maps ``(x, y, 1)`` in pixels, edge to edge.
    """
    angle = math.radians(rotate)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])
    linear = linear @ np.array([[1.0, math.tan(math.radians(shear))], [0.0, 1.0]])
    centre = np.array([size[1] / 2, size[0] / 2])
    return np.column_stack([linear, centre - linear @ centre])


def warp_image(image: np.ndarray, matrix: np.ndarray, **border) -> np.ndarray:
    """Warp an image by a map between edge-to-edge coordinates.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)`` uint8.
        matrix: ``(2, 3)``; maps ``(x, y, 1)`` of the image to ``(x, y)`` of the result.
        border: ``borderMode``, ``borderValue`` and ``flags`` of ``cv2.warpAffine``.

    Returns:
        Of the same shape, uint8.
    """
    # OpenCV counts from the centre of the first pixel, half a pixel inside the edge.
    half = np.array([0.5, 0.5])
    matrix = matrix.copy()
    matrix[:, 2] += matrix[:, :2] @ half - half
    height, width = image.shape[:2]
    return cv2.warpAffine(image, matrix, (width, height), **border)


def warp_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the upright boxes that enclose the warped ones.

    Args:
        boxes: ``(N, 4)`` xyxy in pixels.
        matrix: ``(2, 3)``; maps ``(x, y, 1)``.

    Returns:
        ``(N, 4)`` xyxy in pixels, float32, not clipped to the image.
    """
    corners = warp_corners(boxes, matrix)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def warp_corners(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the corners of the warped boxes.

    Args:
        boxes: ``(N, 4)`` xyxy in pixels, or ``(N, 4, 2)`` corners.
        matrix: ``(2, 3)``; maps ``(x, y, 1)``.

    Returns:
        ``(N, 4, 2)`` ``(x, y)`` in pixels, float32: what were the upper left, upper
        right, lower right and lower left corners.
    """
    corners = boxes
    if boxes.ndim == 2:
        corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)
    corners = corners @ matrix[:, :2].T + matrix[:, 2]
    # mmcv's Resize leaves float64.
    return corners.astype(np.float32)


@TRANSFORMS.register_module()
class RandomAffine(Transform):
    """Shift, scale, rotate and shear image, boxes and mask by a random amount.

    A known box stays inside the image: the shift is drawn from the part of its range
    that allows this, since an image that keeps its class must keep its object.

    Required keys: ``img`` ``(H, W, 3)`` uint8, ``gt_bboxes`` ``(N, 4)`` xyxy pixels
    (optional), ``gt_corners`` ``(N, 4, 2)`` (of oriented boxes) and ``gt_seg_map``
    ``(H, W)`` uint8 (optional). All are changed; the size of the image stays. Beyond
    the image's edge the mask is 0, or mirrored as the image. Added keys with boxes:
    ``gt_corners``, where there were none those of the upright boxes, which turn with
    the image, and ``gt_is_oriented`` ``(N,)`` bool, whether there were.

    Args:
        translate_ratio: Largest shift as a fraction of the width and of the height,
            in ``[0, 1]``.
        scale_range: ``(smallest, largest)`` factor of size, above 0.
        rotate: Largest angle in degrees, in ``[0, 180]``.
        shear: Largest shear in degrees, in ``[0, 45]``.
        fill: What is seen beyond the image's edge: ``'mean'`` (the image's mean
            colour), ``'edge'`` (its last pixels), ``'reflect'`` (its mirror image,
            where a second copy of the object can appear) or three BGR values.

    Raises:
        InputError: If an argument is out of range or the image is not uint8 BGR.
    """

    def __init__(
        self,
        translate_ratio: float = 0.1,
        scale_range: Sequence[float] = (0.8, 1.25),
        rotate: float = 5.0,
        shear: float = 0.0,
        fill: str | Sequence[float] = 'mean',
    ) -> None:
        name = type(self).__name__
        self.translate_ratio = check_number(
            f'{name}: translate_ratio', translate_ratio, 0, 1
        )
        self.scale_range = check_range(f'{name}: scale_range', scale_range, 0.01)
        self.rotate = check_number(f'{name}: rotate', rotate, 0, 180)
        self.shear = check_number(f'{name}: shear', shear, 0, 45)
        if isinstance(fill, str):
            if fill not in ('mean', *BORDERS):
                raise InputError(
                    f"{name}: fill is {fill!r}, expected 'mean', 'edge', 'reflect' "
                    'or three BGR values'
                )
        else:
            if not isinstance(fill, Sequence) or len(fill) != 3:
                raise InputError(f'{name}: fill is {fill!r}, expected three BGR values')
            fill = tuple(check_number(f'{name}: fill', v, 0, 255) for v in fill)
        self.fill = fill

    def transform(self, results: dict) -> dict:
        """Warp ``img``, ``gt_bboxes`` and ``gt_seg_map``."""
        image = uint8_image(results, type(self).__name__)
        boxes = results.get('gt_bboxes')
        matrix = self._draw_matrix(image.shape[:2], boxes)
        border = self._border(image)
        results['img'] = warp_image(image, matrix, **border)
        if 'gt_seg_map' in results:
            border = dict(border, borderValue=0, flags=cv2.INTER_NEAREST)
            results['gt_seg_map'] = warp_image(results['gt_seg_map'], matrix, **border)
        if boxes is not None:
            results['gt_is_oriented'] = np.full(len(boxes), 'gt_corners' in results)
            corners = results.get('gt_corners', boxes)
            results['gt_corners'] = warp_corners(corners, matrix)
            results['gt_bboxes'] = warp_boxes(boxes, matrix)
        return results

    def _draw_matrix(
        self, size: tuple[int, int], boxes: np.ndarray | None
    ) -> np.ndarray:
        matrix = affine_matrix(
            size,
            # Log-uniform: half and double are equally likely.
            scale=math.exp(np.random.uniform(*np.log(self.scale_range))),
            rotate=np.random.uniform(-self.rotate, self.rotate),
            shear=np.random.uniform(-self.shear, self.shear),
        )
        height, width = size
        limit = self.translate_ratio * np.array([[width, height]] * 2) * [[-1], [1]]
        if boxes is not None and len(boxes):
            warped = warp_boxes(boxes, matrix)
            inside = np.stack(
                [
                    -warped[:, :2].min(axis=0),
                    [width, height] - warped[:, 2:].max(axis=0),
                ]
            )
            # Along a side that the box is too large for, it is centred.
            inside = np.where(inside[0] > inside[1], inside.mean(axis=0), inside)
            limit = np.clip(limit, *inside)
        matrix[:, 2] += np.random.uniform(*limit)
        return matrix

    def _border(self, image: np.ndarray) -> dict:
        if self.fill in BORDERS:
            return dict(borderMode=BORDERS[self.fill])
        value = cv2.mean(image)[:3] if self.fill == 'mean' else self.fill
        return dict(borderMode=cv2.BORDER_CONSTANT, borderValue=value)
