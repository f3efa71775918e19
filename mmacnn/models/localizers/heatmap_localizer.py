# Copyright (c) mmacnn authors. All rights reserved.

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from torch import Tensor

from mmacnn.ops import around_peak, half_angle, soft_argmax
from mmacnn.registry import MODELS

from .base import Localization

PEAK_WINDOW = 1  # Cells round the peak from which the pose is read.
MAX_LOG_SCALE = 1.5


@MODELS.register_module()
class HeatmapLocalizer(BaseModule):
    """Image -> one-channel heat map -> soft-argmax -> centre of the ROI.

    With ``pose`` two vector fields and a map of the scale's logarithm stand beside the
    heat map, and are read where it is highest. One vector has twice the angle, which
    most objects show at a glance; the other says which way up, which may hang on a
    letter. In one vector the second, unknown at first, would hide the first.

    Args:
        backbone: Config of a backbone; its last feature map is used.
        in_channels: Channels of that feature map.
        window: See :func:`mmacnn.ops.soft_argmax`; None averages over the whole map.
        pose: Whether to predict direction and scale of the ROI too.

    Returns (forward):
        :class:`Localization` with ``logits`` and ``heatmap`` at the backbone's stride.
    """

    def __init__(
        self,
        backbone: dict,
        in_channels: int,
        window: int | None = 2,
        pose: bool = False,
        init_cfg: object = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.conv = nn.Conv2d(in_channels, 1, 1)
        self.window = window
        self.pose = nn.Conv2d(in_channels, 5, 1) if pose else None

    def forward(self, image: Tensor) -> Localization:
        feature = self.backbone(image)[-1]
        # Half precision rounds a logit, which moves the centre, or makes it infinite.
        with torch.autocast('cuda' if image.is_cuda else 'cpu', enabled=False):
            logits = self.conv(feature.to(self.conv.weight.dtype))[:, 0].float()
            fields = self.pose and self.pose(feature.to(self.conv.weight.dtype)).float()
        centre, heatmap = soft_argmax(logits, self.window)
        if fields is None:
            return Localization(centre, logits, heatmap)
        weights = around_peak(heatmap.detach(), PEAK_WINDOW)
        pose = (fields * weights[:, None]).sum((2, 3))
        heading, axis = _unit(pose[:, :2]), _unit(pose[:, 3:])
        direction = half_angle(axis, heading)
        # Bent, neither cut off nor flattened: there must be a gradient back.
        log_scale = pose[:, 2] / (1 + pose[:, 2].abs() / MAX_LOG_SCALE)
        scale = log_scale.exp()
        return Localization(centre, logits, heatmap, direction, scale, axis, heading)


def _unit(vectors: Tensor) -> Tensor:
    return vectors / (vectors.square().sum(1, True) + 1e-12).sqrt()
