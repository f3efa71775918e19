# Copyright (c) mmacnn authors. All rights reserved.

import torch.nn.functional as F
from torch import Tensor, nn

from mmacnn.registry import MODELS


@MODELS.register_module()
class MaskLoss(nn.Module):
    """Cross-entropy of each pixel and Dice of each image, of one map.

    The cross-entropy alone forgets small defects, of which few pixels are; the Dice
    (Milletari et al., *V-Net*, 3DV 2016, eq. 1) weighs each defective image alike.

    Args:
        pixel_weight: Of the cross-entropy.
        dice_weight: Of one minus the Dice.
    """

    def __init__(self, pixel_weight: float = 1.0, dice_weight: float = 1.0) -> None:
        super().__init__()
        self.pixel_weight = pixel_weight
        self.dice_weight = dice_weight

    def forward(
        self, logits: Tensor, target: Tensor, valid: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Losses of the images whose masks are known.

        Args:
            logits: (B, H, W).
            target: (B, H, W), 1 on a defect, 0 elsewhere, all 0 on a good image.
            valid: (B, H, W), 1 on the images, 0 on what they are padded with; None
                where nothing is.

        Returns:
            ``loss_pixel`` and ``loss_dice``, 0 where there is no image.
        """
        pixel = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
        shown = logits.sigmoid()
        if valid is not None:
            pixel, shown = pixel[valid > 0], shown * valid
        losses = dict(loss_pixel=self.pixel_weight * _mean(pixel))
        marked = target.flatten(1).any(1)
        shown, target = shown[marked].flatten(1), target[marked].flatten(1)
        dice = (2 * (shown * target).sum(1) + 1) / (shown.sum(1) + target.sum(1) + 1)
        losses['loss_dice'] = self.dice_weight * _mean(1 - dice)
        return losses


def _mean(values: Tensor) -> Tensor:
    """The mean; 0, with a gradient, of nothing."""
    return values.mean() if values.numel() else values.sum()
