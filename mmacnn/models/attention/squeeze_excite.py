# Copyright (c) mmacnn authors. All rights reserved.

from mmengine.model import BaseModule, constant_init
from mmpretrain.models.utils import SELayer
from torch import Tensor

from mmacnn.registry import MODELS


@MODELS.register_module()
class SE(BaseModule):
    """Squeeze-and-excitation, a plug-in layer: a factor for each channel.

    Hu, Shen, Sun, *Squeeze-and-Excitation Networks*, CVPR 2018. mmpretrain's
    ``SELayer``, whose gate begins at 1 and not about 0.5: its last layer starts at zero
    and the sigmoid counts twice. So behind pretrained layers it begins as the identity,
    where the paper, which trains all layers together, leaves the start open. Each
    channel can be weighed by 0 to 2.

    Args:
        in_channels: Channels of the feature map.
        ratio: Input channels for each channel of the hidden layer, which has a multiple
            of 8.
        init_cfg: Config of the initialization.

    Returns (forward):
        Like the input, (B, in_channels, H, W).
    """

    _abbr_ = 'se'

    def __init__(
        self, in_channels: int, ratio: int = 16, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.layer = SELayer(in_channels, ratio=ratio, return_weight=True)
        self._start_as_identity()

    def _start_as_identity(self) -> None:
        constant_init(self.layer.conv2.conv, 0)

    def init_weights(self) -> None:
        """Initialize, the gate at 1 unless ``init_cfg`` brings weights."""
        super().init_weights()
        if not self.init_cfg:
            self._start_as_identity()

    def forward(self, x: Tensor) -> Tensor:
        return x * (2 * self.layer(x))
