# Copyright (c) mmacnn authors. All rights reserved.
"""The shape of a labelled object: its mask, its outline, the corners of its box."""

import cv2
import numpy as np

from mmacnn.converters.labels.annotations import Box, LabelledImage, LabelledObject
from mmacnn.converters.labels.geometry import is_rectangle
from mmacnn.converters.labels.targets import object_mask
from mmacnn.datasets.regions import decode_region
from mmacnn.datasets.yolo_folder import order_corners
from mmacnn.synthetic.pasting import surroundings

FINE = 4  # The outline of run lengths is drawn in an image so many times as large.
AROUND = 0.15  # Of an object's smaller side goes with it when it is removed,
LEAST_AROUND = 2  # but so many pixels at least.
ROUNDS = 4  # Of GrabCut.
LEAST_FILLED = 0.25  # Fraction of a box that GrabCut must find, to be believed.


def corners_of(item: LabelledObject, size: tuple[int, int]) -> np.ndarray:
    """Corners (4, 2) of an object's box, clockwise as seen.

    The first one is the upper left one of the object as it is read: the first of an
    outline that is a rectangle; of another outline the upper left corner of the
    narrowest box round it, turned by 45 degrees at most; or that of the upright box.

    Args:
        item: The object.
        size: (height, width) of its photograph.
    """
    outline = item.outline
    if outline is None:
        left, top, right, bottom = item.box
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    if isinstance(outline, list) and len(outline) == 1 and is_rectangle(outline[0]):
        return np.array(order_corners(np.reshape(outline[0], (-1, 2)).tolist()))
    points = np.concatenate(outline_of(item, size)).astype(np.float32)
    corners = cv2.boxPoints(cv2.minAreaRect(points)).astype(float)
    first = int(np.argmax((corners.mean(0) - corners) @ (1, 1)))
    return np.array(order_corners(np.roll(corners, -first, axis=0).tolist()))


def outline_of(item: LabelledObject, size: tuple[int, int]) -> list[np.ndarray]:
    """Polygons (N, 2) round an object: its outline, or else its box.

    Args:
        item: The object.
        size: (height, width) of its photograph.
    """
    if isinstance(item.outline, list):
        return [np.reshape(polygon, (-1, 2)) for polygon in item.outline]
    if item.outline is None:
        return [corners_of(item, size)]
    return _polygons_of(decode_region(item.outline, size, item.where))


def _polygons_of(mask: np.ndarray) -> list[np.ndarray]:
    """Polygons (N, 2) round the parts of a mask (H, W), uint8, 0 or 1."""
    left, top, wide, high = cv2.boundingRect(mask)
    part = mask[top : top + high, left : left + wide]
    large = np.pad(np.kron(part, np.ones((FINE, FINE), np.uint8)), 1)
    found, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    # The centre of a fine pixel, without the padding.
    return [(contour[:, 0] - 0.5) / FINE + (left, top) for contour in found]


def find_outline(image: np.ndarray, box: Box) -> list[float] | None:
    """The outline ``[x0, y0, ...]`` that GrabCut finds in a box; None if it is small.

    Rother, Kolmogorov and Blake, *GrabCut*, SIGGRAPH 2004.

    Args:
        image: The photograph, (H, W, 3) uint8 BGR.
        box: (left, top, right, bottom) of the object.
    """
    box = object_mask(LabelledObject('', box), image.shape[:2])
    reach = max(8, round(0.3 * min(cv2.boundingRect(box)[2:])))
    rows, columns = surroundings(box, reach)
    inside = box[rows, columns]
    mask = np.where(inside, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    cv2.setRNGSeed(0)  # the same outline each time
    pixels = np.ascontiguousarray(image[rows, columns])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(pixels, mask, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    chosen = (mask & 1) * inside  # both kinds of foreground are odd
    outlines, _ = cv2.findContours(chosen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    filled = np.zeros_like(chosen)
    cv2.drawContours(filled, [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    if filled.sum() < LEAST_FILLED * inside.sum():
        return None
    (polygon,) = _polygons_of(filled)
    return (polygon + (columns.start, rows.start)).ravel().tolist()


def mask_to_remove(image: LabelledImage) -> np.ndarray:
    """All objects of a photograph with a little round them, (H, W) uint8."""
    mask = np.zeros(image.size, np.uint8)
    for item in image.objects:
        own = object_mask(item, image.size)
        sides = cv2.boundingRect(own)[2:]
        reach = max(LEAST_AROUND, round(AROUND * min(sides)))
        mask |= cv2.dilate(own, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    return mask
