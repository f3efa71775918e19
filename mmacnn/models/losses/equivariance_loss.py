# Copyright (c) mmacnn authors. All rights reserved.

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from mmacnn.models.localizers import Localization
from mmacnn.registry import MODELS


@MODELS.register_module()
class EquivarianceLoss(nn.Module):
    """The centre found on a moved copy of an image must move along; needs no box.

    Each image is scaled and shifted at random. The centre that the localizer found on
    the image itself, moved by the same transform, is the target on the copy; targets
    that leave the copy are left out. The principle is that of Thewlis et al.,
    *Unsupervised learning of object landmarks by factorized spatial embeddings*, ICCV
    2017, section 3.1.

    Args:
        loss: Config of the localization loss that compares the two.
        scale_range: Range of the magnification of the copy.
        shift: Largest shift of the copy as a fraction of the image's height and width.
        loss_weight: Factor of the loss.
    """

    def __init__(
        self,
        loss: dict,
        scale_range: tuple[float, float] = (0.8, 1.25),
        shift: float = 0.2,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.loss = MODELS.build(loss)
        self.scale_range = scale_range
        self.shift = shift
        self.loss_weight = loss_weight

    def forward(
        self, localizer: nn.Module, inputs: Tensor, localization: Localization
    ) -> Tensor:
        """Mean over the images whose target lies inside the copy.

        Args:
            localizer: Image -> :class:`Localization`.
            inputs: (B, C, H, W).
            localization: Prediction on ``inputs``.
        """
        scale = torch.empty_like(localization.centre[:, :1]).uniform_(*self.scale_range)
        shift = torch.empty_like(localization.centre).uniform_(-self.shift, self.shift)
        copies = _magnify_and_shift(inputs, scale, shift)
        target = (localization.centre.detach() - 0.5) * scale + 0.5 + shift
        inside = ((target > 0) & (target < 1)).all(1)
        image_size = tuple(inputs.shape[-2:])
        return self.loss_weight * self.loss(
            localizer(copies), target, inside, image_size
        )


@torch.no_grad()
def _magnify_and_shift(image: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Move the point p of each image to ``(p - 0.5) * scale + 0.5 + shift``.

    Args:
        image: (B, C, H, W).
        scale: (B, 1).
        shift: (B, 2), ``(x, y)``, in image extents.
    """
    theta = image.new_zeros(len(image), 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = (1 / scale)[:, 0].to(image.dtype)
    theta[:, :, 2] = (-2 * shift / scale).to(image.dtype)
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    return F.grid_sample(image, grid, padding_mode='reflection', align_corners=False)
