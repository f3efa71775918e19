# Copyright (c) mmacnn authors. All rights reserved.
from mmpretrain.models.losses.focal_loss import sigmoid_focal_loss
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError


@MODELS.register_module()
class BinaryFocalLoss(nn.Module):
    """Focal loss of one logit (Lin et al., *Focal Loss*, ICCV 2017, eq. 5).

    mmpretrain's ``FocalLoss`` needs a logit for each class.

    Args:
        gamma: How much less an image counts that is classified well already; 0 is the
            cross-entropy.
        positive_weight: Fraction of the loss that falls to the second class if both are
            as frequent, in (0, 1): above 0.5 where defective images are rare.
        loss_weight: Factor of the loss. With 2 and a ``positive_weight`` of 0.5 both
            classes have weight 1.

    Raises:
        InputError: ``positive_weight`` is out of range.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        positive_weight: float = 0.5,
        loss_weight: float = 2.0,
    ) -> None:
        super().__init__()
        if not 0 < positive_weight < 1:
            raise InputError(
                f'BinaryFocalLoss: positive_weight is {positive_weight!r}, expected a '
                'number in (0, 1)'
            )
        self.gamma = gamma
        self.positive_weight = positive_weight
        self.loss_weight = loss_weight

    def forward(
        self, logits: Tensor, target: Tensor, avg_factor: float | None = None
    ) -> Tensor:
        """Mean over the images.

        Args:
            logits: (B, 1).
            target: (B, 1), 1 for the second class, else 0.
            avg_factor: Divide the sum by this instead of B.
        """
        return self.loss_weight * sigmoid_focal_loss(
            logits,
            target,
            gamma=self.gamma,
            alpha=self.positive_weight,
            avg_factor=avg_factor,
        )
