# Copyright (c) mmacnn authors. All rights reserved.
from torch import Tensor, nn

from mmacnn.registry import MODELS

from .cam_head import CAMHead
from .normed_linear_head import normalize_features


@MODELS.register_module()
class NormedCAMHead(CAMHead):
    """CAM head that learns on batch-normalized means, for training from scratch.

    A defect of a few pixels hardly changes the mean over positions. The normalization
    takes away what all images share and magnifies the rest; see
    :class:`NormedLinearClsHead`. Once trained it is a factor and a shift of each
    channel, and melts into the linear layer: the map and its mean are as exact, and as
    cheap, as those of :class:`CAMHead`, whose arguments it has.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.norm = nn.BatchNorm1d(self.in_channels)

    def forward(self, feats: tuple[Tensor]) -> Tensor:
        """Logits, (B, 1) for two classes, else (B, num_classes)."""
        if not self.training:
            return super().forward(feats)
        mean = self.checked(feats).mean((2, 3))
        return self.fc(normalize_features(mean, self.norm))

    def linear_layer(self) -> tuple[Tensor, Tensor]:
        """The linear layer with the normalization by the running statistics in it."""
        norm = self.norm
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        shift = norm.bias - norm.running_mean * scale
        weight, bias = super().linear_layer()
        return weight * scale, bias + weight @ shift
