# Copyright (c) mmacnn authors. All rights reserved.

import torch
from mmengine.model import BaseModule, constant_init
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError


@MODELS.register_module()
class CBAM(BaseModule):
    """Convolutional block attention, a plug-in: channels first, then positions.

    Woo, Park, Lee, Kweon, *CBAM: Convolutional Block Attention Module*, ECCV 2018, eq.
    2 and 3. Both gates begin at 1 and not about 0.5: their last layers start at zero
    and the sigmoids count twice. So behind pretrained layers it begins as the identity;
    the paper leaves the start open. The authors' code puts a batch normalization behind
    the convolution over positions, which eq. 3 does not have, nor this.

    Args:
        in_channels: Channels of the feature map.
        ratio: Input channels for each channel of the hidden layer.
        kernel_size: Of the convolution over positions, odd.
        init_cfg: Config of the initialization.

    Returns (forward):
        Like the input, (B, in_channels, H, W).

    Raises:
        InputError: ``kernel_size`` is even, or ``ratio`` leaves no hidden channel.
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
        if kernel_size % 2 == 0:
            raise InputError(f'CBAM: kernel_size is {kernel_size}, expected an odd one')
        hidden = in_channels // ratio
        if hidden < 1:
            raise InputError(
                f'CBAM: ratio is {ratio}, expected at most the {in_channels} input '
                'channels'
            )
        self.channels = nn.Sequential(
            nn.Conv2d(in_channels, hidden, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(hidden, in_channels, 1),
        )
        self.positions = nn.Conv2d(
            2, 1, kernel_size, padding=kernel_size // 2, bias=False
        )
        self._start_as_identity()

    def _start_as_identity(self) -> None:
        constant_init(self.channels[-1], 0)
        constant_init(self.positions, 0)

    def init_weights(self) -> None:
        """Initialize, both gates at 1 unless ``init_cfg`` brings weights."""
        super().init_weights()
        if not self.init_cfg:
            self._start_as_identity()

    def forward(self, x: Tensor) -> Tensor:
        mean, peak = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        x = x * (2 * (self.channels(mean) + self.channels(peak)).sigmoid())
        pooled = torch.cat((x.mean(1, keepdim=True), x.amax(1, keepdim=True)), 1)
        return x * (2 * self.positions(pooled).sigmoid())
