# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import cv2
import numpy as np

from mmacnn.registry import TRANSFORMS
from mmacnn.utils.arguments import check_number, check_range

from .base import Transform, uint8_image


@TRANSFORMS.register_module()
class CutPaste(Transform):
    """Turn a good image into one with a made defect: a patch of itself, elsewhere.

    Li et al., *CutPaste: Self-Supervised Learning for Anomaly Detection and
    Localization*, CVPR 2021. The patch is a rectangle at random, turned by any angle;
    its brightness changes a little. A network that tells such images from good ones
    learns what does not belong on a part, without a defective image.

    Required keys: ``img`` ``(H, W, 3)`` uint8 BGR, ``gt_label``. Both are modified.

    Args:
        prob: Probability of a patch, in ``[0, 1]``; without one the image stays.
        area: Range of the patch's area, as a fraction of the image's, in ``(0, 1)``.
        aspect: Range of the patch's width over its height, > 0.
        brightness: Amount ``a`` in ``[0, 1)``: the patch is multiplied by a factor
            drawn from ``[1 - a, 1 + a]``.
        label: ``gt_label`` of an image with a patch.

    Raises:
        InputError: If an argument is out of range or the image is not uint8 BGR.
    """

    def __init__(
        self,
        prob: float = 0.5,
        area: Sequence[float] = (0.005, 0.1),
        aspect: Sequence[float] = (0.2, 5.0),
        brightness: float = 0.1,
        label: int = 1,
    ) -> None:
        self.prob = check_number('CutPaste: prob', prob, 0, 1)
        self.area = check_range('CutPaste: area', area, 1e-4, 0.9)
        self.aspect = check_range('CutPaste: aspect', aspect, 0.01, 100)
        self.brightness = check_number(
            'CutPaste: brightness', brightness, 0, 1, below=True
        )
        self.label = label

    def transform(self, results: dict) -> dict:
        """Paste a patch, with probability ``prob``."""
        image = uint8_image(results, 'CutPaste')
        if np.random.random() >= self.prob:
            return results
        height, width = image.shape[:2]
        area = height * width * np.exp(np.random.uniform(*np.log(self.area)))
        aspect = np.exp(np.random.uniform(*np.log(self.aspect)))
        size = np.sqrt(area * aspect), np.sqrt(area / aspect)
        source, target = np.random.uniform(0, (width, height), (2, 2))
        turn = cv2.getRotationMatrix2D(
            tuple(source), np.random.uniform(0, 360), np.random.uniform(0.8, 1.2)
        )
        turn[:, 2] += target - source
        patch = cv2.warpAffine(
            image, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101
        )
        factor = np.random.uniform(1 - self.brightness, 1 + self.brightness)
        patch = cv2.convertScaleAbs(patch, alpha=factor)
        corners = cv2.boxPoints((tuple(source), size, 0))
        corners = corners @ turn[:, :2].T + turn[:, 2]
        mask = np.zeros((height, width), np.uint8)
        cv2.fillConvexPoly(mask, corners.round().astype(np.int32), 1)
        results['img'] = np.where(mask[..., None] == 1, patch, image)
        results['gt_label'] = self.label
        return results
