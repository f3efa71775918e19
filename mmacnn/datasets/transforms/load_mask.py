# Copyright (c) mmacnn authors. All rights reserved.

import numpy as np

from mmacnn.datasets.masks import read_mask
from mmacnn.registry import TRANSFORMS

from .base import Transform


@TRANSFORMS.register_module()
class LoadDefectMask(Transform):
    """Read where the defect is, to test on it or to learn it.

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
