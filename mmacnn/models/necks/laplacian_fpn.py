# Copyright (c) mmacnn authors. All rights reserved.
"""Feature pyramid that fuses its levels by gated sums and differences.

Hou, Liu, Zhang, Wei, Chen, *CANet*, Pattern Recognition 140 (2023) 109558. The modules
have the names of the published checkpoints, the two gates' swapped names included.
"""

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmdet.models.necks import FPN
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError


def _gate(channels: int) -> nn.Sequential:
    """Squeeze-and-excitation of a mean (B, channels, 1, 1), in (0, 1)."""
    return nn.Sequential(
        nn.Conv2d(channels, channels, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(channels, channels, 1),
        nn.Sigmoid(),
    )


def _set_to_zero(conv: nn.Conv2d) -> None:
    nn.init.zeros_(conv.weight)
    nn.init.zeros_(conv.bias)


class LaplacianFusion(nn.Module):
    """Fuse two levels: ``alpha * gated(low + high) + beta * gated(low - high)``.

    Here ``gated(t) = t * SE(mean(t)) + t``. The gates are one number for each image and
    channel, so what is published as four feature maps, the sum, the difference and both
    gated, is here ``a * (low + high) + b * (low - high) = (a + b) * low + (a - b) *
    high``, without them.

    Args:
        channels: Channels of both levels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pre_low_conv = ConvModule(channels, channels, 3, padding=1, act_cfg=None)
        self.pre_high_conv = ConvModule(channels, channels, 3, padding=1, act_cfg=None)
        # In published checkpoints "context" is the gate of the difference and "edge"
        # that of the sum.
        self.SE_context = _gate(channels)
        self.SE_edge = _gate(channels)
        self.alpha = nn.Parameter(torch.tensor(0.5))
        self.beta = nn.Parameter(torch.tensor(0.5))

    @torch.no_grad()
    def start_as_sum(self) -> None:
        """Set the parameters so that the result is ``low + high``."""
        for conv in (self.pre_low_conv.conv, self.pre_high_conv.conv):
            nn.init.dirac_(conv.weight)
            nn.init.zeros_(conv.bias)
        for gate in (self.SE_context, self.SE_edge):
            _set_to_zero(gate[2])  # a gate of 0.5
        self.alpha.fill_(2 / 3)
        self.beta.zero_()

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Fuse two feature maps (B, channels, H, W) of the same size."""
        low, high = self.pre_low_conv(low), self.pre_high_conv(high)
        mean_low = low.mean((2, 3), keepdim=True)
        mean_high = high.mean((2, 3), keepdim=True)
        of_sum = self.alpha * (1 + self.SE_edge(mean_low + mean_high))
        of_difference = self.beta * (1 + self.SE_context(mean_low - mean_high))
        return (of_sum + of_difference) * low + (of_sum - of_difference) * high


class LayerAttention(nn.Module):
    """Add to each level a vector that is pooled over all of its pixels.

    Args:
        channels: Channels of all levels.
        num_levels: Number of levels.
    """

    def __init__(self, channels: int, num_levels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv_list1 = self._convs(num_levels, channels, channels)  # value
        self.conv_list2 = self._convs(num_levels, channels, 1)  # where to look
        self.conv_list3 = self._convs(num_levels, channels, half)  # bottleneck
        self.conv_list4 = self._convs(num_levels, half, channels)

    @staticmethod
    def _convs(num_levels: int, in_channels: int, out_channels: int) -> nn.ModuleList:
        return nn.ModuleList(
            ConvModule(in_channels, out_channels, 1, act_cfg=None)
            for _ in range(num_levels)
        )

    def start_as_identity(self) -> None:
        """Set the parameters so that each level stays as it is."""
        for each in self.conv_list4:
            _set_to_zero(each.conv)

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        """Return feature maps of the sizes given, (B, channels, H, W) each."""
        return [self._attend(x, i) for i, x in enumerate(levels)]

    def _attend(self, x: Tensor, level: int) -> Tensor:
        attention = self.conv_list2[level](x).flatten(2).softmax(-1)
        pooled = (x.flatten(2) @ attention.transpose(1, 2))[..., None]
        # Published as the pooling of a convolved feature. The weights sum to 1, so a
        # 1x1 convolution of what is pooled gives the same.
        pooled = self.conv_list1[level](pooled)
        return x + self.conv_list4[level](self.conv_list3[level](pooled))


@MODELS.register_module()
class LaplacianFPN(FPN):
    """mmdet's FPN with fusion in the top-down path, and attention within each level.

    Args:
        in_channels: Channels of each input.
        out_channels: Channels of each output.
        num_outs: Number of outputs.
        attention: Whether each level gets a pooled vector of itself, between the
            top-down path and the output convolutions.
        start_as_fpn: Whether an untrained one computes what mmdet's FPN would, so that
            it departs from that only as far as it learns to. As published, the weights
            of the coarser level, ``alpha - beta``, start at 0, without a top-down path.
        **kwargs: Options of :class:`mmdet.models.FPN`, with their meaning there. Those
            of the convolutions are for the lateral and the output convolutions; the
            fusion and the attention have plain ones, as published.

    Returns (forward):
        A tuple of ``num_outs`` feature maps (B, out_channels, H_i, W_i).
    """

    def __init__(
        self,
        in_channels: list[int],
        out_channels: int,
        num_outs: int,
        attention: bool = True,
        start_as_fpn: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(in_channels, out_channels, num_outs, **kwargs)
        self.start_as_fpn = start_as_fpn
        num_levels = len(self.lateral_convs)
        # Each has the number of the level that it brings down, so there is no 0.
        self.cross_convs = nn.ModuleDict(
            {str(i): LaplacianFusion(out_channels) for i in range(1, num_levels)}
        )
        self.attention_aggregation = (
            LayerAttention(out_channels, num_levels) if attention else None
        )

    def init_weights(self) -> None:
        super().init_weights()
        if self.start_as_fpn:
            for fusion in self.cross_convs.values():
                fusion.start_as_sum()
            if self.attention_aggregation is not None:
                self.attention_aggregation.start_as_identity()

    def forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if len(inputs) != len(self.in_channels):
            raise InputError(
                f'LaplacianFPN: found {len(inputs)} feature maps, expected '
                f'{len(self.in_channels)}, one for each of in_channels'
            )
        levels = [
            conv(inputs[i])
            for i, conv in enumerate(self.lateral_convs, self.start_level)
        ]
        for i in range(len(levels) - 1, 0, -1):
            options = dict(self.upsample_cfg)
            if 'scale_factor' not in options:
                options['size'] = levels[i - 1].shape[2:]
            high = F.interpolate(levels[i], **options)
            levels[i - 1] = self.cross_convs[str(i)](levels[i - 1], high)
        if self.attention_aggregation is not None:
            levels = self.attention_aggregation(levels)
        outs = [self.fpn_convs[i](x) for i, x in enumerate(levels)]
        self._add_extra_levels(outs, inputs[self.backbone_end_level - 1], levels[-1])
        return tuple(outs)

    def _add_extra_levels(
        self, outs: list[Tensor], last_input: Tensor, last_lateral: Tensor
    ) -> None:
        """Go on upwards to ``num_outs`` levels, as mmdet's FPN does."""
        if not self.add_extra_convs:
            while len(outs) < self.num_outs:
                outs.append(F.max_pool2d(outs[-1], 1, stride=2))
            return
        sources = dict(on_input=last_input, on_lateral=last_lateral, on_output=outs[-1])
        x = sources[self.add_extra_convs]
        for conv in list(self.fpn_convs)[len(outs) :]:
            x = conv(x)
            outs.append(x)
            if self.relu_before_extra_convs:
                x = F.relu(x)
