# Copyright (c) mmacnn authors. All rights reserved.

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

MODES = {'add': 0.0, 'multiply': 1.0}
"""How attention joins a feature map, and the attention that changes nothing."""


@MODELS.register_module()
class RoIMaskAttention(BaseModule):
    """Tell a feature map which region of the image is meant.

    Eppel, *Classifying a specific image region using convolutional nets with an ROI
    mask as input*, arXiv 1812.00291. The mask, resized to the map, passes a 3x3
    convolution to the map's channels, and the result is added to the map or multiplied
    with it. At first it changes nothing, so a pretrained network stays what it was.

    Args:
        in_channels: Channels of the feature map.
        mode: ``'add'`` (as published) or ``'multiply'``.
        initial_bias: Bias of the convolution at first. By default that which changes
            nothing, 0 or 1; the author's code starts to add at 1.

    Raises:
        InputError: ``mode`` is another.
    """

    def __init__(
        self, in_channels: int, mode: str = 'add', initial_bias: float | None = None
    ) -> None:
        if mode not in MODES:
            raise InputError(
                f'RoIMaskAttention: mode is {mode!r}, expected {" or ".join(MODES)}'
            )
        bias = MODES[mode] if initial_bias is None else initial_bias
        super().__init__(
            init_cfg=dict(type='Constant', layer='Conv2d', val=0.0, bias=bias)
        )
        self.mode = mode
        self.conv = nn.Conv2d(1, in_channels, kernel_size=3, padding=1)
        # Not every model is initialised by `init_weights`: one with loaded weights is
        # not, and those of a plain backbone leave this layer out.
        nn.init.zeros_(self.conv.weight)
        nn.init.constant_(self.conv.bias, bias)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Join mask and feature map.

        Args:
            x: (B, in_channels, h, w).
            mask: (B, 1, H, W), 1 on the region and 0 elsewhere.

        Returns:
            Like ``x``.
        """
        mask = F.interpolate(
            mask.to(x.dtype), x.shape[-2:], mode='bilinear', align_corners=False
        )
        attention = self.conv(mask)
        # Under autocast the convolution's type may differ from the map's.
        attention = attention.to(x.dtype)
        return x + attention if self.mode == 'add' else x * attention
