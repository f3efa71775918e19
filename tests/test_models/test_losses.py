# Copyright (c) mmacnn authors. All rights reserved.
import math

import pytest
import torch
from torch import nn

from mmacnn.models.localizers import Localization
from mmacnn.models.losses import (
    CentreSmoothL1Loss,
    EquivarianceLoss,
    HeatmapKLDivLoss,
)
from mmacnn.models.losses.equivariance_loss import _magnify_and_shift
from mmacnn.ops import gaussian_heatmap, soft_argmax

SIZE = (64, 80)
TRUE = torch.tensor([[0.25, 0.5], [0.5, 0.5]])
KNOWN = torch.tensor([True, False])


def localization(centre, logits=None):
    return Localization(centre.clone().requires_grad_(), logits)


def test_smooth_l1_by_hand():
    # 4 px to the right and 16 px down, with beta 8: (4^2 / 16 + (16 - 4)) / 2 / 8.
    found = localization(TRUE + torch.tensor([[4 / 80, 16 / 64], [0.3, 0.3]]))
    loss = CentreSmoothL1Loss(beta=8, loss_weight=2)(found, TRUE, KNOWN, SIZE)
    torch.testing.assert_close(loss.detach(), torch.tensor(2 * (1 + 12) / 2 / 8))


def test_heatmap_loss_of_a_flat_map():
    """KL(target || uniform over 80 cells) = log 80 - entropy of the target."""
    logits = torch.zeros(2, 8, 10, requires_grad=True)
    loss = HeatmapKLDivLoss(sigma=8)(Localization(TRUE, logits), TRUE, KNOWN, SIZE)
    target = gaussian_heatmap(TRUE[:1], (1, 1), (8, 10))
    entropy = -(target * target.log()).sum()
    torch.testing.assert_close(loss.detach(), math.log(80) - entropy)


def test_heatmap_loss_is_least_at_the_target():
    target = gaussian_heatmap(TRUE, (1, 1), (8, 10))
    logits = target.log().requires_grad_()
    loss = HeatmapKLDivLoss(sigma=8)(Localization(TRUE, logits), TRUE, KNOWN, SIZE)
    loss.backward()
    assert loss.abs() < 1e-5
    assert logits.grad.abs().max() < 1e-6


def test_heatmap_sigma_is_in_pixels_on_both_axes():
    # Cells of 16x4 px: a sigma of 8 px is half a row and two columns.
    logits = gaussian_heatmap(TRUE, (0.5, 2.0), (4, 20)).log().requires_grad_()
    HeatmapKLDivLoss(sigma=8)(Localization(TRUE, logits), TRUE, KNOWN, SIZE).backward()
    assert logits.grad.abs().max() < 1e-6


@pytest.mark.parametrize('loss', [CentreSmoothL1Loss(), HeatmapKLDivLoss()])
def test_nothing_known_is_zero_and_connected(loss):
    logits = torch.randn(2, 8, 10, requires_grad=True)
    centre, heatmap = soft_argmax(logits)
    found = Localization(centre, logits, heatmap)
    value = loss(found, TRUE, torch.tensor([False, False]), SIZE)
    value.backward()
    assert value == 0
    assert logits.grad.eq(0).all()


def test_heatmap_loss_names_the_localizer_that_it_needs():
    with pytest.raises(ValueError, match='HeatmapLocalizer.*CentreSmoothL1Loss'):
        HeatmapKLDivLoss()(localization(TRUE), TRUE, KNOWN, SIZE)


class BrightestSpot(nn.Module):
    """Exactly equivariant: its heat map is the image."""

    def forward(self, image):
        logits = image[:, 0] * 50
        return Localization(soft_argmax(logits, window=2)[0], logits)


def spot_images():
    centre = torch.tensor([[0.4, 0.6], [0.55, 0.45]])
    spots = gaussian_heatmap(centre, (2.0, 2.0), SIZE)
    return (spots / spots.amax((1, 2), keepdim=True))[:, None]


def test_copy_moves_as_stated():
    scale, shift = torch.tensor([[1.3], [0.7]]), torch.tensor([[0.1, -0.1], [0, 0.2]])
    images = spot_images()
    before = BrightestSpot()(images).centre
    after = BrightestSpot()(_magnify_and_shift(images, scale, shift)).centre
    torch.testing.assert_close(
        after, (before - 0.5) * scale + 0.5 + shift, atol=0.5 / 80, rtol=0
    )


@pytest.mark.parametrize('seed', range(3))
def test_equivariant_localizer_has_no_equivariance_loss(seed):
    torch.manual_seed(seed)
    images, localizer = spot_images(), BrightestSpot()
    loss = EquivarianceLoss(dict(type='mmacnn.CentreSmoothL1Loss', beta=1.0))
    assert loss(localizer, images, localizer(images)) < 0.05


def test_fixed_guess_has_equivariance_loss():
    torch.manual_seed(0)
    images = spot_images()

    def always_here(image):
        return Localization(torch.full((len(image), 2), 0.3))

    loss = EquivarianceLoss(dict(type='mmacnn.CentreSmoothL1Loss', beta=1.0))
    assert loss(always_here, images, always_here(images)) > 1
