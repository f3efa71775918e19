# Copyright (c) mmacnn authors. All rights reserved.
"""Defective images with a mask out of good ones: outlined defects, pasted."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.dataset import BaseDataset

from mmacnn.registry import TRANSFORMS
from mmacnn.utils.arguments import check_number, check_range

from .base import Transform, uint8_image

SEAM = 3  # Pixels round the defect that come with it.
RIM = 4  # Pixels round these, by which brightness and contrast are matched.
SOFT = 1.6  # Standard deviation of the seam's fading, in pixels.


@TRANSFORMS.register_module()
class PasteDefect(Transform):
    """Paste a defect, outlined on another image, into some of the good images.

    A few outlined defects become many, each with its mask, at places and on surfaces
    where nobody has seen them: Ghiasi et al., *Simple Copy-Paste is a Strong Data
    Augmentation Method for Instance Segmentation*, CVPR 2021. The defect is mirrored
    and resized at random, and takes on the brightness and contrast that the good
    image has round it. Where no training image has a mask, nothing happens.

    Stands behind the transforms that load image and mask, and before those that change
    its size: what stands before it loads the other image too.

    Required keys: ``img`` (H, W, 3) uint8, ``gt_label``, ``dataset``, a mmengine
    ``BaseDataset`` such as :class:`mmacnn.ClassFolderDataset` of good images, label 0,
    and defective ones. Changed keys: ``img``, ``gt_label``, ``gt_seg_map`` (H, W).

    Args:
        prob: Fraction of the good images that get a defect, in [0, 1].
        scale_range: ``(smallest, largest)`` factor of the defect's size, above 0.
        one_region: Fraction of the pastes with one region of a mask that has several.

    Raises:
        InputError: An argument is out of range.
    """

    def __init__(
        self,
        prob: float = 0.3,
        scale_range: Sequence[float] = (0.7, 1.4),
        one_region: float = 0.5,
    ) -> None:
        self.prob = check_number('PasteDefect: prob', prob, 0, 1)
        self.scale_range = check_range('PasteDefect: scale_range', scale_range, 0.01)
        self.one_region = check_number('PasteDefect: one_region', one_region, 0, 1)
        self.outlined: list[int] | None = None

    def transform(self, results: dict) -> dict:
        """Paste into a good image, or leave it as it is."""
        uint8_image(results, type(self).__name__)
        dataset = results['dataset']
        if self.outlined is None:
            self.outlined = outlined_images(dataset)
        is_good = results['gt_label'] == 0
        if not (is_good and self.outlined and np.random.random() < self.prob):
            return results
        patch, mask, label = self._draw(dataset)
        size = results['img'].shape[:2]
        patch, mask = _fit(patch, mask, size, log_uniform(self.scale_range))
        if mask.any():
            corner = [
                np.random.randint(a - b + 1)
                for a, b in zip(size, mask.shape, strict=True)
            ]
            results['img'], results['gt_seg_map'] = paste(
                results['img'], patch, mask, corner
            )
            results['gt_label'] = label
        return results

    def _draw(self, dataset: BaseDataset) -> tuple[np.ndarray, np.ndarray, int]:
        """A random defect (h, w, 3), mirrored at random, its mask (h, w), its label."""
        other = dataset.get_data_info(int(np.random.choice(self.outlined)))
        for before in dataset.pipeline.transforms:
            if before is self:
                break
            other = before(other)
        image, mask = other['img'], other['gt_seg_map']
        count, regions = cv2.connectedComponents(mask, connectivity=8)
        if count > 2 and np.random.random() < self.one_region:
            mask = (regions == np.random.randint(1, count)).astype(np.uint8)
        place = _surroundings(mask, SEAM + RIM + 1)
        mirrored = tuple(slice(None, None, np.random.choice((1, -1))) for _ in range(2))
        return image[place][mirrored], mask[place][mirrored], other['gt_label']


def outlined_images(dataset: BaseDataset) -> list[int]:
    """Indices of the images with a defect whose mask is known."""
    infos = map(dataset.get_data_info, range(len(dataset)))
    return [i for i, info in enumerate(infos) if info.get('mask_path')]


def paste(
    image: np.ndarray, patch: np.ndarray, mask: np.ndarray, corner: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Put a defect into an image.

    Args:
        image: (H, W, 3) uint8, stays as it is.
        patch: (h, w, 3) uint8, the defect and what is round it; not larger.
        mask: (h, w) uint8, 1 on the defect.
        corner: (y, x) of the patch's first pixel.

    Returns:
        Image (H, W, 3) uint8, and its mask (H, W) uint8.
    """
    place = tuple(slice(at, at + n) for at, n in zip(corner, mask.shape, strict=True))
    under, patch = image[place].astype(np.float32), patch.astype(np.float32)
    seam = _grown(mask, SEAM)
    rim = (_grown(seam, RIM) > seam) if not seam.all() else seam > 0
    rim = rim if rim.any() else seam > 0
    ratio = (under[rim].std() + 1) / (patch[rim].std() + 1)
    patch = (patch - patch[rim].mean(0)) * math.sqrt(np.clip(ratio, 0.6, 1.6))
    opacity = cv2.GaussianBlur(seam.astype(np.float32), (0, 0), SOFT)[..., None]
    mixed = under + opacity * (patch + under[rim].mean(0) - under)
    pasted, marked = image.copy(), np.zeros(image.shape[:2], np.uint8)
    pasted[place] = mixed.round().clip(0, 255)
    marked[place] = mask
    return pasted, marked


def _fit(
    patch: np.ndarray, mask: np.ndarray, size: tuple[int, int], scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Patch and mask, resized by ``scale``, or less where it would be too large."""
    scale = min(scale, *(b / a for a, b in zip(mask.shape, size, strict=True)))
    height, width = (max(1, int(side * scale)) for side in mask.shape)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    patch = cv2.resize(np.ascontiguousarray(patch), (width, height), interpolation=way)
    covered = cv2.resize(mask * np.float32(1), (width, height), interpolation=way)
    return patch, (covered >= 0.5).astype(np.uint8)


def _surroundings(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    """The box of a mask, wider by a margin, as far as it lies in the image."""
    spans = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return tuple(slice(max(0, s[0] - margin), s[-1] + 1 + margin) for s in spans)


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    return cv2.dilate(mask, np.ones((2 * by + 1, 2 * by + 1), np.uint8))


def log_uniform(limits: tuple[float, float]) -> float:
    """Double and half are equally likely."""
    return math.exp(np.random.uniform(*np.log(limits)))
