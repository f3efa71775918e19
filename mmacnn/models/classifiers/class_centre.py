# Copyright (c) mmacnn authors. All rights reserved.
"""Where an object lies, told by its class."""

import torch
from torch import Tensor

from mmacnn.models.localizers import Localization
from mmacnn.ops import turn

from .acnn import ACNN

REACH, STEPS = 0.5, 5  # How far to look, as a fraction of the ROI; places an axis.


@torch.no_grad()
def centre_by_class(
    model: ACNN, inputs: Tensor, where: Localization, labels: Tensor
) -> Tensor:
    """Move ROIs to the middle of the places from which the true class is read.

    A classifier that bears an error of the localizer reads an object wherever the ROI
    holds it: as far to one side as to the other. So the mean of the places round an
    ROI, weighted by the true class's score there, is nearer to the object's centre.

    Args:
        model: In evaluation mode.
        inputs: (B, C, H, W), normalised.
        where: The ROIs of the localizer.
        labels: (B,), true classes.

    Returns:
        (B, 2), centres ``(x, y)``, normalised as those of ``where``.
    """
    extent = where.centre.new_tensor(inputs.shape[:-3:-1])
    roi = where.centre.new_tensor(model.stn.roi_size).flip(0)
    steps = torch.linspace(-REACH, REACH, STEPS, device=roi.device)
    shifts, scores = [], []
    for step in torch.cartesian_prod(steps, steps):
        shift = (step * roi).expand_as(where.centre)
        if where.direction is not None:
            shift = turn(shift * where.scale[:, None], where.direction)
        shift = shift / extent
        feats = model.extract_feat(inputs, where._replace(centre=where.centre + shift))
        shifts.append(shift)
        scores.append(model.head(feats).softmax(1).gather(1, labels[:, None]))
    shifts, weights = torch.stack(shifts), torch.stack(scores)
    return where.centre + (shifts * weights).sum(0) / weights.sum(0)
