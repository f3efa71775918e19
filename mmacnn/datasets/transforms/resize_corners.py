# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
from mmcv.transforms import Resize

from mmacnn.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ResizeWithCorners(Resize):
    """mmcv's ``Resize``, which resizes ``gt_corners`` (N, 4, 2) too, where they are."""

    def _resize_bboxes(self, results: dict) -> None:
        super()._resize_bboxes(results)
        if 'gt_corners' in results:
            scale = np.float32(results['scale_factor'])
            results['gt_corners'] = results['gt_corners'] * scale
