# Copyright (c) mmacnn authors. All rights reserved.

import cv2
import mmcv
import numpy as np

from mmacnn.datasets.image_files import read_image, read_image_size
from mmacnn.registry import TRANSFORMS
from mmacnn.utils import InputError

from .base import Transform


@TRANSFORMS.register_module()
class LoadDefectMask(Transform):
    """Read where the defect is, for testing.

    Required key: ``img`` (H, W, 3). Added key: ``gt_seg_map`` (H, W) uint8, 1 on the
    defect and 0 elsewhere; 0 everywhere if ``mask_path`` is None, and not added if
    there is no ``mask_path``: nobody knows.

    Raises:
        InputError: If the mask is no picture or not of the image's size.
    """

    def transform(self, results: dict) -> dict:
        """Add ``gt_seg_map``."""
        if 'mask_path' not in results:
            return results
        path, size = results['mask_path'], results['img'].shape[:2]
        if path is None:
            results['gt_seg_map'] = np.zeros(size, np.uint8)
            return results
        mask = read_mask(path, size, results['img_path'])
        results['gt_seg_map'] = (mask > 0).astype(np.uint8)
        return results


def read_mask(path: str, size: tuple[int, int], image: str) -> np.ndarray:
    """Return (H, W) numbers, not 0 on the defect.

    Args:
        path: The mask.
        size: ``(height, width)`` of the image.
        image: The image, for the message.

    Raises:
        InputError: It is no picture, or not of the image's size.
    """
    found = read_image_size(path)
    if found != tuple(size):
        raise InputError(
            f'{path}: found {found[0]}x{found[1]}, expected a mask of '
            f'{size[0]}x{size[1]} pixels as {image}'
        )
    return read_image(path, _read_grey)


def _read_grey(path: str) -> np.ndarray | None:
    return mmcv.imread(path, flag=cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
