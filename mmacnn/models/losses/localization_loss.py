# Copyright (c) mmacnn authors. All rights reserved.
"""Losses between a predicted and a true ROI centre.

Both take only images whose box is known. With none in the batch the loss is zero and
still connected to the localizer, so that distributed training does not hang.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from mmacnn.models.localizers import Localization
from mmacnn.ops import gaussian_heatmap
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .mean_count import mean_count


@MODELS.register_module()
class CentreSmoothL1Loss(nn.Module):
    """Smooth L1 on the centre in pixels (Girshick, *Fast R-CNN*, ICCV 2015, eq. 3).

    Args:
        beta: Error in pixels below which the loss is quadratic.
        loss_weight: Factor of the loss.
    """

    def __init__(self, beta: float = 8.0, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.beta = beta
        self.loss_weight = loss_weight

    def forward(
        self,
        localization: Localization,
        centre: Tensor,
        known: Tensor,
        image_size: tuple,
    ) -> Tensor:
        """Mean over the images with a known centre.

        Args:
            localization: Prediction for B images.
            centre: (B, 2), true ``(x, y)`` normalised; any value where not known.
            known: (B,) bool.
            image_size: (h, w) in pixels.
        """
        extent = centre.new_tensor((image_size[1], image_size[0]))
        loss = F.smooth_l1_loss(
            localization.centre * extent,
            centre * extent,
            reduction='none',
            beta=self.beta,
        ).mean(1)
        return self.loss_weight * mean_where(loss / self.beta, known)


@MODELS.register_module()
class HeatmapKLDivLoss(nn.Module):
    """KL divergence of the heat map from a Gaussian round the true centre.

    Its gradient is that of the cross-entropy; unlike it, it is zero at the target.
    Nibali et al., *Numerical Coordinate Regression with Convolutional Neural Networks*,
    arXiv 1801.07372, section 4.3.

    Args:
        sigma: Standard deviation of the Gaussian in pixels of the image.
        loss_weight: Factor of the loss.
    """

    def __init__(self, sigma: float = 6.0, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.sigma = sigma
        self.loss_weight = loss_weight

    def forward(
        self,
        localization: Localization,
        centre: Tensor,
        known: Tensor,
        image_size: tuple,
    ) -> Tensor:
        """Mean over the images with a known centre; see :class:`CentreSmoothL1Loss`.

        Raises:
            InputError: the localizer has no heat map.
        """
        if localization.logits is None:
            raise InputError(
                'HeatmapKLDivLoss needs a localizer with a heat map '
                '(HeatmapLocalizer); for RegressionLocalizer use CentreSmoothL1Loss'
            )
        size = localization.logits.shape[-2:]
        sigma = tuple(
            self.sigma * n / extent for n, extent in zip(size, image_size, strict=True)
        )
        target = gaussian_heatmap(centre, sigma, size).flatten(1)
        log_heatmap = localization.logits.flatten(1).log_softmax(1)
        divergence = (target.xlogy(target) - target * log_heatmap).sum(1)
        return self.loss_weight * mean_where(divergence, known)


def mean_where(loss: Tensor, known: Tensor) -> Tensor:
    """Mean of ``loss`` (B,) over ``known`` (B,); connected zero where there is none.

    Of several processes each divides by the mean of their counts: their gradients are
    averaged, and the average is then that of one process with all the images.
    """
    kept = torch.where(known, loss, torch.zeros_like(loss))
    return kept.sum() / mean_count(known.sum())
