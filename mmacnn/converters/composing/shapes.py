# Copyright (c) mmacnn authors. All rights reserved.
"""The shape of a labelled object: its mask, its outline, the corners of its box."""

import cv2
import numpy as np

from mmacnn.converters.labels.annotations import LabelledImage, LabelledObject
from mmacnn.converters.labels.geometry import is_rectangle
from mmacnn.converters.labels.targets import object_mask
from mmacnn.datasets.regions import decode_region
from mmacnn.datasets.yolo_folder import order_corners

FINE = 4  # The outline of run lengths is drawn in an image so many times as large.
AROUND = 0.15  # Of an object's smaller side goes with it when it is removed,
LEAST_AROUND = 2  # but so many pixels at least.


def corners_of(item: LabelledObject) -> np.ndarray:
    """Corners (4, 2) of an object's box, clockwise as seen.

    The first one is the upper left one of the object as it is read: the first of an
    outline that is a rectangle, or else that of the upright box.
    """
    outline = item.outline
    if isinstance(outline, list) and len(outline) == 1 and is_rectangle(outline[0]):
        return np.array(order_corners(np.reshape(outline[0], (-1, 2)).tolist()))
    left, top, right, bottom = item.box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def outline_of(item: LabelledObject, size: tuple[int, int]) -> list[np.ndarray]:
    """Polygons (N, 2) round an object: its outline, or else its box.

    Args:
        item: The object.
        size: (height, width) of its photograph.
    """
    if isinstance(item.outline, list):
        return [np.reshape(polygon, (-1, 2)) for polygon in item.outline]
    if item.outline is None:
        return [corners_of(item)]
    mask = decode_region(item.outline, size, item.where)
    left, top, wide, high = cv2.boundingRect(mask)
    part = mask[top : top + high, left : left + wide]
    large = np.pad(np.kron(part, np.ones((FINE, FINE), np.uint8)), 1)
    found, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    # From the centres of the outermost fine pixels to their outer edges, about.
    polygons = [contour[:, 0] - 0.5 for contour in found if len(contour) > 2]
    return [polygon / FINE + (left, top) for polygon in polygons]


def mask_to_remove(image: LabelledImage) -> np.ndarray:
    """All objects of a photograph with a little round them, (H, W) uint8."""
    mask = np.zeros(image.size, np.uint8)
    for item in image.objects:
        own = object_mask(item, image.size)
        sides = cv2.boundingRect(own)[2:]
        reach = max(LEAST_AROUND, round(AROUND * min(sides)))
        mask |= cv2.dilate(own, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return mask
