# Copyright (c) mmacnn authors. All rights reserved.
"""Compose one image: background, objects, light, lens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from mmacnn.converters.labels.annotations import Box, LabelledImage, LabelledObject
from mmacnn.converters.labels.geometry import box_of
from mmacnn.converters.labels.targets import object_mask
from mmacnn.datasets.transforms.load_image import LoadAnyDepthImage
from mmacnn.synthetic import pasting

from .material import Cutting
from .options import ComposeOptions
from .shapes import corners_of, find_outline, mask_to_remove, outline_of

ATTEMPTS = 60  # To find room for an object.
MARGIN = 0.15  # Of an object's smaller side is cut out with it,
LEAST_MARGIN = 2.5  # but so many pixels at least, and no more round an outline.
CROP = 0.7  # Smallest fraction of a background that is used.


@dataclass(frozen=True)
class Recipe:
    """What one image is to be composed of.

    Args:
        background: The photograph below.
        objects: What is pasted on it.
        decoys: Photographs to cut a piece without an object from, and whose objects
            such a piece is as large as.
    """

    background: LabelledImage
    objects: list[Cutting]
    decoys: list[Cutting]


@dataclass(frozen=True)
class Pasted:
    """An object on a composed image, in pixels, edge to edge.

    Args:
        name: Its class.
        corners: Corners (4, 2) of its box, the upper left one as it is read first.
        outline: Polygons (N, 2) round it.
    """

    name: str
    corners: np.ndarray
    outline: list[np.ndarray]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The tight upright box (left, top, right, bottom)."""
        points = np.concatenate(self.outline)
        return (*points.min(0).tolist(), *points.max(0).tolist())


def compose_image(
    recipe: Recipe, options: ComposeOptions, rng: np.random.Generator
) -> tuple[np.ndarray, list[Pasted], int]:
    """Compose an image.

    Args:
        recipe: What of.
        options: How; ``size`` is set.
        rng: Source of every choice.

    Returns:
        (H, W, 3) uint8 BGR, the objects on it, and how many found no room.
    """
    canvas = _background(recipe.background, options, rng)
    taken: list[np.ndarray] = []
    placed, pasted = [], []
    for photograph, item in recipe.objects:
        if options.grabcut:
            item = _with_outline(photograph.path, item)
        matrix = _find_room(item, photograph.size, taken, options, rng)
        if matrix is not None:
            placed.append((photograph, item, matrix))
            pasted.append(_moved(item, photograph.size, matrix))
    for photograph, item in recipe.decoys:
        empty = _empty_place(photograph, item, rng)
        if empty is not None:
            matrix = _find_room(empty, photograph.size, taken, options, rng)
            if matrix is not None:
                placed.insert(0, (photograph, empty, matrix))
    for photograph, item, matrix in placed:
        pasting.paste(canvas, _piece(photograph, item, options, rng), matrix, rng)
    canvas = _change_light(canvas, options, rng)
    if rng.random() < 0.5:
        canvas = pasting.blur(canvas, rng.uniform(0, options.blur))
    return canvas, pasted, len(recipe.objects) - len(pasted)


def _moved(item: LabelledObject, size: tuple[int, int], matrix: np.ndarray) -> Pasted:
    """What a photograph of this size shows, where the map (2, 3) puts it."""
    outline = [pasting.move(polygon, matrix) for polygon in outline_of(item, size)]
    return Pasted(item.name, pasting.move(corners_of(item, size), matrix), outline)


@lru_cache(maxsize=8)
def _read(path: str) -> np.ndarray:
    image = LoadAnyDepthImage().read(path)
    image.flags.writeable = False
    return image


@lru_cache(maxsize=512)
def _outline(path: str, box: Box) -> list[float] | None:
    return find_outline(_read(path), box)


def _with_outline(path: str, item: LabelledObject) -> LabelledObject:
    """An object that has a box alone, with the outline that is found in it."""
    outline = _outline(path, item.box) if item.outline is None else None
    if outline is None:
        return item
    return replace(item, box=box_of(outline), outline=[outline])


def _background(
    photograph: LabelledImage, options: ComposeOptions, rng: np.random.Generator
) -> np.ndarray:
    """Part of a photograph without its objects, perhaps mirrored, resized.

    It stands on its head only where objects may.
    """
    size = options.size
    image = _read(photograph.path)
    if photograph.objects:
        image = pasting.remove_objects(image, mask_to_remove(photograph))
    high, wide = image.shape[:2]
    fraction = rng.uniform(CROP, 1) * min(high / size[0], wide / size[1])
    crop = [max(1, round(fraction * side)) for side in size]
    top, left = (
        int(rng.integers(side - part + 1))
        for side, part in zip((high, wide), crop, strict=True)
    )
    image = image[top : top + crop[0], left : left + crop[1]]
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < 0.5 and options.rotate > 90:
        image = image[::-1]
    is_smaller = crop[0] > size[0]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(image), size[::-1], interpolation=method)


def _find_room(
    item: LabelledObject,
    size: tuple[int, int],
    taken: list[np.ndarray],
    options: ComposeOptions,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Draw a pose that leaves the object in the image and the others in sight.

    Args:
        item: The object.
        size: (height, width) of its photograph.
        taken: Hulls (N, 2) of what is placed already; the new one is added.
        options: How it may lie.
        rng: Source of the pose.

    Returns:
        (2, 3) from points of the photograph to points of the image, or None.
    """
    high, wide = options.size
    points = np.concatenate([*outline_of(item, size), corners_of(item, size)])
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(float)
    centre = (hull.min(0) + hull.max(0)) / 2
    sides = hull.max(0) - hull.min(0)
    grown = centre + (hull - centre) * (1 + 2 * _margin(item, sides) / sides)
    cover = max(high / size[0], wide / size[1])
    low, top = np.log(options.scale_range)
    for attempt in range(ATTEMPTS):
        angle = np.radians(rng.uniform(-options.rotate, options.rotate))
        # The later, the smaller.
        most = top - (top - low) * max(0, 2 * attempt / ATTEMPTS - 1)
        scale = cover * np.exp(rng.uniform(low, most))
        turned = pasting.move(hull, pasting.similarity(centre, (0, 0), angle, scale))
        least, last = 1 - turned.min(0), (wide - 1, high - 1) - turned.max(0)
        if (least > last).any():
            continue
        target = rng.uniform(least, last)
        matrix = pasting.similarity(centre, target, angle, scale)
        outer = pasting.move(grown, matrix).astype(np.float32)
        if all(_overlap(outer, other) <= options.max_overlap for other in taken):
            taken.append(outer)
            return matrix
    return None


def _margin(item: LabelledObject, sides: Sequence[float]) -> float:
    """Pixels round an object of this width and height that are cut out with it."""
    wanted = 0.0 if item.outline else MARGIN * float(min(sides))
    return max(LEAST_MARGIN, wanted)


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """What two convex polygons share, as a fraction of the smaller one."""
    area = cv2.intersectConvexConvex(one, other)[0]
    return area / max(min(cv2.contourArea(one), cv2.contourArea(other)), 1e-6)


def _empty_place(
    photograph: LabelledImage, item: LabelledObject, rng: np.random.Generator
) -> LabelledObject | None:
    """A place as large as an object where the photograph shows none."""
    left, top, right, bottom = item.box
    wide, high = right - left, bottom - top
    room = _margin(item, (wide, high)) + 2
    for _ in range(ATTEMPTS // 3):
        x = rng.uniform(0, photograph.size[1] - wide)
        y = rng.uniform(0, photograph.size[0] - high)
        is_free = all(
            max(x - o.box[2], o.box[0] - x - wide) > room
            or max(y - o.box[3], o.box[1] - y - high) > room
            for o in photograph.objects
        )
        if is_free:
            return LabelledObject('', (x, y, x + wide, y + high))
    return None


def _piece(
    photograph: LabelledImage,
    item: LabelledObject,
    options: ComposeOptions,
    rng: np.random.Generator,
) -> pasting.Piece:
    """Cut an object out, in another light and perhaps less sharp."""
    mask = object_mask(item, photograph.size)
    sides = np.array(cv2.boundingRect(mask)[2:])
    piece = pasting.cut_out(_read(photograph.path), mask, _margin(item, sides))
    image = _change_light(piece.image, options, rng)
    if rng.random() < 0.5:
        image = pasting.blur(image, rng.uniform(0, options.blur / 2))
    return replace(piece, image=image)


def _change_light(
    image: np.ndarray, options: ComposeOptions, rng: np.random.Generator
) -> np.ndarray:
    gain = rng.uniform(1 - options.brightness, 1 + options.brightness)
    gamma = rng.uniform(1 - options.gamma, 1 + options.gamma)
    return pasting.change_light(image, gain, gamma)
