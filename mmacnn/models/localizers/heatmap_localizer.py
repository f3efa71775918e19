# Copyright (c) mmacnn authors. All rights reserved.

import torch
import torch.nn as nn
from mmengine.model import BaseModule
from torch import Tensor

from mmacnn.ops import soft_argmax
from mmacnn.registry import MODELS

from .base import Localization


@MODELS.register_module()
class HeatmapLocalizer(BaseModule):
    """Image -> one-channel heat map -> soft-argmax -> centre of the ROI.

    Args:
        backbone: Config of a backbone; its last feature map is used.
        in_channels: Channels of that feature map.
        window: See :func:`mmacnn.ops.soft_argmax`; None averages over the whole map.

    Returns (forward):
        :class:`Localization` with ``logits`` and ``heatmap`` at the backbone's stride.
    """

    def __init__(
        self,
        backbone: dict,
        in_channels: int,
        window: int | None = 2,
        init_cfg: object = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.conv = nn.Conv2d(in_channels, 1, 1)
        self.window = window

    def forward(self, image: Tensor) -> Localization:
        feature = self.backbone(image)[-1]
        # Half precision rounds a logit, which moves the centre, or makes it infinite.
        with torch.autocast('cuda' if image.is_cuda else 'cpu', enabled=False):
            logits = self.conv(feature.to(self.conv.weight.dtype))[:, 0].float()
        centre, heatmap = soft_argmax(logits, self.window)
        return Localization(centre, logits, heatmap)
