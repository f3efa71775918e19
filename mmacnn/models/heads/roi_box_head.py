# Copyright (c) mmacnn authors. All rights reserved.

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmacnn.registry import MODELS


def _edges(logits: Tensor) -> Tensor:
    """Expected places (N, 2), in [0, 1], of two edges under logits of (N, 2, L)."""
    extent = logits.shape[-1]
    places = torch.arange(extent, device=logits.device, dtype=logits.dtype)
    return (logits.softmax(-1) * ((places + 0.5) / extent)).sum(-1)


@MODELS.register_module()
class ROIBoxHead(BaseModule):
    """Feature map of a crop -> the box of the object in it.

    Left and right edge are read from the columns of the map, upper and lower one from
    its rows, each as the mean place under a softmax. To regard the sides of a box one
    by one, as places along an axis, is from Wang et al., *Side-Aware Boundary
    Localization for More Precise Object Detection*, ECCV 2020, arXiv 1912.04260.

    Args:
        in_channels: Channels of the feature map.
        channels: Channels between the two convolutions along each axis.
    """

    def __init__(
        self, in_channels: int, channels: int = 32, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.columns, self.rows = (
            nn.Sequential(
                nn.Conv2d(2 * in_channels, channels, kernel, padding='same'),
                nn.ReLU(),
                nn.Conv2d(channels, 2, kernel, padding='same'),
            )
            for kernel in ((1, 5), (5, 1))
        )

    def forward(self, feature: Tensor) -> Tensor:
        """(N, C, h, w) -> (N, 4), xyxy, [0, 1] from edge to edge of the crop."""
        columns, rows = (
            torch.cat((feature.mean(axis, True), feature.amax(axis, True)), 1)
            for axis in (2, 3)
        )
        left, right = _edges(self.columns(columns).flatten(2)).unbind(1)
        top, bottom = _edges(self.rows(rows).flatten(2)).unbind(1)
        return torch.stack((left, top, right, bottom), 1)
