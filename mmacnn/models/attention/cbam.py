# Copyright (c) mmacnn authors. All rights reserved.
"""Convolutional block attention, and its two parts, which can be used apart.

Woo, Park, Lee, Kweon, *CBAM: Convolutional Block Attention Module*, ECCV 2018, eq. 2
and 3. Gates begin at 1 and not about 0.5: their last layers start at zero and the
sigmoids count twice. So behind pretrained layers they begin as the identity; the paper
leaves the start open. The authors' code puts a batch normalization behind the
convolution over positions, which eq. 3 does not have, nor these.
"""

import torch
from mmengine.model import BaseModule, constant_init
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError


@MODELS.register_module()
class ChannelAttention(nn.Sequential):
    """A factor for each channel, 0 to 2, from its mean and its maximum; a plug-in.

    Args:
        in_channels: Channels of the feature map.
        ratio: Input channels for each channel of the hidden layer.

    Returns (forward):
        Like the input, (B, in_channels, H, W).

    Raises:
        InputError: ``ratio`` leaves no hidden channel.
    """

    _abbr_ = 'channel_attention'

    def __init__(self, in_channels: int, ratio: int = 16) -> None:
        hidden = in_channels // ratio
        if hidden < 1:
            raise InputError(
                f'{type(self).__name__}: ratio is {ratio}, expected at most the '
                f'{in_channels} input channels'
            )
        super().__init__(
            nn.Conv2d(in_channels, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, in_channels, 1),
        )
        self.start_as_identity()

    def start_as_identity(self) -> None:
        """Set the gate to 1."""
        constant_init(self[-1], 0)

    def forward(self, x: Tensor) -> Tensor:
        mean, peak = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        logits = super().forward(mean) + super().forward(peak)
        return x * (2 * logits.sigmoid())


@MODELS.register_module()
class PositionAttention(nn.Conv2d):
    """A factor for each position, 0 to 2, from its mean and maximum; a plug-in.

    The paper's spatial attention.

    Args:
        in_channels: Unused: any number of channels becomes two.
        kernel_size: Of the convolution over positions, odd.

    Returns (forward):
        Like the input, (B, C, H, W).

    Raises:
        InputError: ``kernel_size`` is even.
    """

    _abbr_ = 'position_attention'

    def __init__(self, in_channels: int | None = None, kernel_size: int = 7) -> None:
        if kernel_size % 2 == 0:
            raise InputError(
                f'{type(self).__name__}: kernel_size is {kernel_size}, expected an odd '
                'one'
            )
        super().__init__(2, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.start_as_identity()

    def start_as_identity(self) -> None:
        """Set the gate to 1."""
        constant_init(self, 0)

    def forward(self, x: Tensor) -> Tensor:
        pooled = torch.cat((x.mean(1, keepdim=True), x.amax(1, keepdim=True)), 1)
        return x * (2 * super().forward(pooled).sigmoid())


@MODELS.register_module()
class CBAM(BaseModule):
    """Channels first, then positions; a plug-in.

    Args:
        in_channels: Channels of the feature map.
        ratio: See :class:`ChannelAttention`.
        kernel_size: See :class:`PositionAttention`.
        init_cfg: Config of the initialization.

    Returns (forward):
        Like the input, (B, in_channels, H, W).
    """

    _abbr_ = 'cbam'

    def __init__(
        self,
        in_channels: int,
        ratio: int = 16,
        kernel_size: int = 7,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.channels = ChannelAttention(in_channels, ratio)
        self.positions = PositionAttention(kernel_size=kernel_size)

    def init_weights(self) -> None:
        """Initialize, both gates at 1 unless ``init_cfg`` brings weights."""
        super().init_weights()
        if not self.init_cfg:
            self.channels.start_as_identity()
            self.positions.start_as_identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.positions(self.channels(x))
