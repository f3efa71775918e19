# Copyright (c) mmacnn authors. All rights reserved.
from typing import NamedTuple

from torch import Tensor


class Localization(NamedTuple):
    """What a localizer says of a batch of images.

    Attributes:
        centre: (B, 2), ``(x, y)`` normalised to [0, 1] of the image edge to edge.
        logits: (B, h, w), unnormalised log probability of each cell to hold the
            centre; None for a localizer without a heat map.
        heatmap: (B, h, w), softmax of ``logits``; sums to 1.
    """

    centre: Tensor
    logits: Tensor | None = None
    heatmap: Tensor | None = None
