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
        direction: (B, 2), unit vector ``(cos, sin)`` of the angle by which the ROI is
            turned, counter-clockwise as seen; None without pose.
        scale: (B,), factor of the ROI's size; None without pose.
        axis: (B, 2), unit vector of twice the angle, which is the same whichever way up
            the object lies; None where the localizer does not tell it apart.
        heading: (B, 2), unit vector that says which way up: of the two directions along
            the axis ``direction`` is the one nearer to it; None likewise.
    """

    centre: Tensor
    logits: Tensor | None = None
    heatmap: Tensor | None = None
    direction: Tensor | None = None
    scale: Tensor | None = None
    axis: Tensor | None = None
    heading: Tensor | None = None
