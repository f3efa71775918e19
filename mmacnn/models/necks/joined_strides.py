# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

NORM = dict(type='BN')
ACTIVATION = dict(type='ReLU6')


@MODELS.register_module()
class JoinedStrides(BaseModule):
    """Maps of several strides, joined at the finest one.

    Coarse maps know what a defect is, fine ones where it ends. Each is brought to the
    same channels by a 1x1 convolution, and from the coarsest down enlarged and added;
    a depthwise 3x3 and a 1x1 convolution mix the sum.

    Args:
        in_channels: Channels of the backbone's maps, the finest first.
        channels: Channels of the result.
        init_cfg: Config of the initialization.
    """

    out_level = 0
    """Which of the maps the result lies on."""

    def __init__(
        self,
        in_channels: Sequence[int],
        channels: int = 64,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.in_channels = list(in_channels)
        self.lateral_convs = nn.ModuleList(
            ConvModule(count, channels, 1, norm_cfg=NORM, act_cfg=None)
            for count in in_channels
        )
        self.mix = nn.Sequential(
            nn.ReLU6(),
            ConvModule(
                channels,
                channels,
                3,
                padding=1,
                groups=channels,
                norm_cfg=NORM,
                act_cfg=ACTIVATION,
            ),
            ConvModule(channels, channels, 1, norm_cfg=NORM, act_cfg=ACTIVATION),
        )

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor]:
        """Join maps (B, C_i, h_i, w_i), the finest first, to (B, channels, h_0, w_0).

        Raises:
            InputError: There are more or fewer maps, or of other channels.
        """
        found = [each.shape[1] for each in maps]
        if found != self.in_channels:
            raise InputError(
                f'JoinedStrides: found maps of {found} channels, expected '
                f'{self.in_channels}: in_channels of the neck as of the backbone, the '
                'finest first'
            )
        *finer, joined = (
            conv(each) for conv, each in zip(self.lateral_convs, maps, strict=True)
        )
        for each in reversed(finer):
            joined = each + F.interpolate(
                joined, each.shape[-2:], mode='bilinear', align_corners=False
            )
        return (self.mix(joined),)
