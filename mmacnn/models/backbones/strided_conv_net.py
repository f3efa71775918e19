# Copyright (c) mmacnn authors. All rights reserved.
"""Light strided network for a localizer or for the classifier of a small crop.

A patch stem reduces the image at once, so that nearly all work is done on few cells;
dilated depthwise separable blocks then widen the view without further striding, which
keeps the position of a small object.
"""

from collections.abc import Sequence

import torch.nn as nn
from mmcv.cnn import ConvModule, DepthwiseSeparableConvModule
from mmengine.model import BaseModule
from torch import Tensor

from mmacnn.ops import dilated_depthwise
from mmacnn.registry import MODELS


class DilatedResidualBlock(BaseModule):
    """Residual depthwise separable convolution, (B, C, H, W) -> (B, C, H, W).

    Normalized once, after the pointwise convolution: both convolutions together are
    linear, and on the CPU a normalization costs as much as a pointwise convolution.
    """

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = DepthwiseSeparableConvModule(
            channels,
            channels,
            kernel_size=3,
            padding=dilation,
            dilation=dilation,
            pw_norm_cfg=dict(type='BN'),
            dw_act_cfg=None,
        )

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or x.device.type != 'cpu':
            return x + self.conv(x)
        conv = self.conv.depthwise_conv.conv
        y = dilated_depthwise(x, conv.weight, conv.bias, conv.dilation[0])
        return x + self.conv.pointwise_conv(y)


@MODELS.register_module()
class StridedConvNet(BaseModule):
    """Patch stem, then stages of one strided convolution and residual blocks.

    Args:
        stem_channels: Channels after the stem.
        stem_stride: Stride of the stem, in pixels.
        stem_kernel: Kernel size of the stem; more than the stride overlaps patches.
        stages: ``(channels, stride, dilations)`` a stage. A 3x3 convolution with the
            stride, then a residual depthwise separable block for each dilation.
        in_channels: Channels of the image.

    Returns (forward):
        A tuple with the last feature map, (B, C, H / s, W / s), where s is the product
        of all strides. H and W are divisible by s.
    """

    def __init__(
        self,
        stem_channels: int = 16,
        stem_stride: int = 4,
        stem_kernel: int = 4,
        stages: Sequence[tuple[int, int, Sequence[int]]] = ((32, 2, (1, 2, 4, 8)),),
        in_channels: int = 3,
        init_cfg: object = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        layers = [
            ConvModule(
                in_channels,
                stem_channels,
                stem_kernel,
                stride=stem_stride,
                padding=(stem_kernel - stem_stride + 1) // 2,
                norm_cfg=dict(type='BN'),
            )
        ]
        channels = stem_channels
        for out_channels, stride, dilations in stages:
            layers.append(
                ConvModule(
                    channels,
                    out_channels,
                    3,
                    stride=stride,
                    padding=1,
                    norm_cfg=dict(type='BN'),
                )
            )
            layers += [DilatedResidualBlock(out_channels, d) for d in dilations]
            channels = out_channels
        self.layers = nn.Sequential(*layers)
        self.out_channels = channels

    def forward(self, x: Tensor) -> tuple[Tensor]:
        return (self.layers(x),)
