# Copyright (c) mmacnn authors. All rights reserved.
"""Non-maximum suppression without a loop, for a few boxes.

Bolya et al., *YOLACT: Real-time Instance Segmentation*, arXiv 1904.02689, section 4.3:
a box that is suppressed still suppresses others.
"""

import torch
from torch import Tensor


def best_of_overlapping(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Which boxes no box of a higher score overlaps, whatever their classes.

    Plain arithmetic on K x K pairs, which every inference engine has.

    Args:
        boxes: (B, K, 4), xyxy.
        scores: (B, K).
        iou_threshold: Overlap (IoU) above which two boxes are of one object.

    Returns:
        (B, K), of the boxes' type: 1 for a box that stays, else 0. Of two boxes of one
        score both stay.
    """
    one, other = boxes[:, :, None], boxes[:, None]
    high, low = torch.minimum(one, other), torch.maximum(one, other)
    sides = (high[..., 2:] - low[..., :2]).clamp(min=0)
    shared = sides[..., 0] * sides[..., 1]
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    overlap = shared / (area[:, :, None] + area[:, None] - shared).clamp(min=1e-6)
    is_double = (overlap > iou_threshold) & (scores[:, :, None] < scores[:, None])
    return 1 - is_double.to(boxes).amax(2)
