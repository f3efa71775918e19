# Copyright (c) mmacnn authors. All rights reserved.
"""Defects that nobody had to photograph, drawn into good images."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from mmacnn.registry import TRANSFORMS
from mmacnn.utils.arguments import check_number, check_range

from .base import Transform, uint8_image
from .paste_defect import log_uniform, outlined_images

STROKE_FRACTION = 0.4  # Of the defects; the others are blobs.
TEXTURE_FRACTION = 0.5  # Show another place; the others change in brightness.
LEAST_PIXELS = 6
SUBPIXEL_BITS = 4  # Of cv2.polylines.


@TRANSFORMS.register_module()
class DrawDefect(Transform):
    """Draw one or two defects into some of the good images, where no mask is known.

    Labels of images alone teach that there is a defect, and only roughly where; where
    defective parts also look different as a whole (worn, or photographed on another
    day), not even that. A part that is good but for what was drawn tells the two apart.
    The idea is that of Zavrtanik et al., *DRAEM*, ICCV 2021, section 3.3; here without
    images of other things: a blob or a stroke becomes darker, brighter, or shows
    another place of the same image.

    The label stays: :class:`mmacnn.CAMHead` learns from such an image where the defect
    is, and not that the image is defective, for real defects look otherwise. Nothing
    happens where an image of the data set has a mask (:class:`PasteDefect` shows real
    defects then), or where it has more classes than good and defective.

    Stands behind the transforms that load image and mask and set the size.

    Required keys: ``img`` (H, W, 3) uint8, ``gt_label``, ``dataset``, such as
    :class:`mmacnn.ClassFolderDataset`. Changed keys: ``img``, ``gt_seg_map`` (H, W)
    uint8.

    Args:
        prob: Fraction of the good images that get a defect, in [0, 1].
        size_range: (smallest, largest) size of a defect over the image's smaller side.
        difference_range: Of the brightness, in grey levels of 255.

    Raises:
        InputError: An argument is out of range or the image is not uint8 BGR.
    """

    def __init__(
        self,
        prob: float = 0.3,
        size_range: Sequence[float] = (0.02, 0.4),
        difference_range: Sequence[float] = (15.0, 70.0),
    ) -> None:
        name = type(self).__name__
        self.prob = check_number(f'{name}: prob', prob, 0, 1)
        self.size_range = check_range(f'{name}: size_range', size_range, 1e-3, 1)
        self.difference_range = check_range(
            f'{name}: difference_range', difference_range, 0, 255
        )
        self.is_asked: bool | None = None

    def transform(self, results: dict) -> dict:
        """Draw into a good image, or leave it as it is."""
        image = uint8_image(results, type(self).__name__)
        if self.is_asked is None:
            dataset = results['dataset']
            is_binary = len(dataset.metainfo['classes']) == 2
            self.is_asked = is_binary and not outlined_images(dataset)
        is_good = results['gt_label'] == 0
        if not (is_good and self.is_asked and np.random.random() < self.prob):
            return results
        image, side = image.astype(np.float32), min(image.shape[:2])
        shown = np.zeros(image.shape[:2], np.uint8)
        for _ in range(np.random.randint(1, 3)):
            size = side * log_uniform(self.size_range)
            is_stroke = np.random.random() < STROKE_FRACTION
            mask = (stroke if is_stroke else blob)(image.shape[:2], size)
            if mask.sum() >= LEAST_PIXELS:
                image = self._fill(image, mask)
                shown |= mask
        if shown.any():
            results['img'] = image.round().clip(0, 255).astype(np.uint8)
            results['gt_seg_map'] = shown
        return results

    def _fill(self, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The image (H, W, 3) with something else where the mask is, softly."""
        difference = np.random.uniform(*self.difference_range)
        difference *= -1 if np.random.uniform() < 0.6 else 1
        if np.random.uniform() < TEXTURE_FRACTION:
            other = _elsewhere(image) + difference
        else:
            other = image + difference + _grain(image.shape[:2])[..., None]
        soft = mask.astype(np.float32)
        soft = cv2.GaussianBlur(soft, (0, 0), np.random.uniform(0.4, 1.2))
        opacity = np.random.uniform(0.5, 1) * soft[..., None]
        return image + opacity * (other - image)


def blob(shape: tuple[int, int], size: float) -> np.ndarray:
    """Ellipse with an uneven edge, (h, w) uint8.

    Args:
        shape: (h, w).
        size: About its length in pixels.
    """
    height, width = shape
    radii = size / 2 * np.random.uniform(0.35, 1.2, 2)
    x, y = np.random.uniform(0, width), np.random.uniform(0, height)
    angle = np.random.uniform(0, math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    rows = np.arange(height, dtype=np.float32)[:, None] - y
    columns = np.arange(width, dtype=np.float32) - x
    along = (columns * cos + rows * sin) / radii[0]
    across = (rows * cos - columns * sin) / radii[1]
    uneven = _smooth_noise(shape, max(1.0, size / 6))
    return (np.hypot(along, across) < 1 + 0.35 * uneven).astype(np.uint8)


def stroke(shape: tuple[int, int], size: float) -> np.ndarray:
    """Bent line of 1 to 4 pixels' width, (h, w) uint8; ``size`` as of :func:`blob`."""
    height, width = shape
    count = np.random.randint(3, 9)
    start = np.random.uniform(0, width), np.random.uniform(0, height)
    angle = np.random.uniform(0, 2 * math.pi) + np.random.normal(0, 0.4, count).cumsum()
    step = 1.6 * size / count * np.random.uniform(0.5, 1.5, (count, 1))
    path = (step * np.stack((np.cos(angle), np.sin(angle)), 1)).cumsum(0)
    points = ((start + path) * 2**SUBPIXEL_BITS).round().astype(np.int32)
    mask = np.zeros(shape, np.uint8)
    thickness = int(np.random.randint(1, 5))
    return cv2.polylines(mask, [points], False, 1, thickness, cv2.LINE_8, SUBPIXEL_BITS)


def _elsewhere(image: np.ndarray) -> np.ndarray:
    """The same image moved, turned over and with another contrast."""
    height, width = image.shape[:2]
    by = np.random.randint(height), np.random.randint(width)
    moved = np.roll(image, by, (0, 1))
    flip = np.random.randint(4)
    if flip < 3:
        moved = cv2.flip(moved, flip - 1)
    mean = moved.mean((0, 1))
    return mean + np.random.uniform(0.7, 1.6) * (moved - mean)


def _grain(shape: tuple[int, int]) -> np.ndarray:
    return np.random.uniform(0, 20) * _smooth_noise(shape, np.random.uniform(0.5, 3))


def _smooth_noise(shape: tuple[int, int], sigma: float) -> np.ndarray:
    """Noise (h, w) of a standard deviation of 1, smooth over ``sigma`` pixels."""
    # Smoothed where it is small, for a wide Gaussian takes long.
    factor = max(1, int(sigma / 2))
    small = [math.ceil(side / factor) for side in shape]
    noise = np.random.standard_normal(small).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigma / factor)
    noise /= noise.std() + 1e-6
    return cv2.resize(noise, shape[::-1])
