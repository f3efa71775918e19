# Copyright (c) mmacnn authors. All rights reserved.
import torch.nn as nn
from mmengine.model import BaseModule
from torch import Tensor

from mmacnn.registry import MODELS

from .base import Localization


@MODELS.register_module()
class RegressionLocalizer(BaseModule):
    """Image -> global average pooling -> fully connected -> centre of the ROI.

    The classical localization network (Jaderberg et al., *Spatial Transformer
    Networks*, NeurIPS 2015, section 3.1). It starts at the middle of the image.

    Args:
        backbone: Config of a backbone; its last feature map is used.
        in_channels: Channels of that feature map.
        hidden_channels: Width of the layer between pooling and centre.

    Returns (forward):
        :class:`Localization` with ``centre`` alone.
    """

    def __init__(
        self,
        backbone: dict,
        in_channels: int,
        hidden_channels: int = 64,
        init_cfg: object = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.backbone = MODELS.build(backbone)
        self.regression = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(in_channels, hidden_channels),
            nn.ReLU(inplace=True),
            nn.Linear(hidden_channels, 2),
            nn.Sigmoid(),
        )

    def forward(self, image: Tensor) -> Localization:
        return Localization(self.regression(self.backbone(image)[-1]).float())
