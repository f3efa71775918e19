# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.ops import gaussian_heatmap, soft_argmax


@pytest.mark.parametrize('batch', [1, 3])
@pytest.mark.parametrize('window', [None, 0, 2, 100])
def test_shape_and_range(batch, window):
    centre, heatmap = soft_argmax(torch.randn(batch, 6, 9), window)
    assert centre.shape == (batch, 2)
    assert heatmap.shape == (batch, 6, 9)
    assert ((centre > 0) & (centre < 1)).all()
    torch.testing.assert_close(heatmap.sum((1, 2)), torch.ones(batch))


def test_uniform_map_points_at_the_middle():
    centre, _ = soft_argmax(torch.zeros(1, 5, 7))
    torch.testing.assert_close(centre, torch.tensor([[0.5, 0.5]]))


def test_mean_of_two_cells_by_hand():
    logits = torch.full((1, 2, 4), -1e4)
    logits[0, 0, 1], logits[0, 0, 2] = 0.0, torch.log(torch.tensor(3.0))
    centre, heatmap = soft_argmax(logits)
    torch.testing.assert_close(heatmap[0, 0], torch.tensor([0, 0.25, 0.75, 0]))
    # Cells 1 and 2 of 4 have their centres at 0.375 and 0.625.
    torch.testing.assert_close(
        centre, torch.tensor([[0.25 * 0.375 + 0.75 * 0.625, 0.25]])
    )


def test_window_takes_the_better_of_two_candidates():
    logits = torch.full((1, 9, 9), -1e4)
    logits[0, 1, 1], logits[0, 7, 7] = 0.0, 0.5
    torch.testing.assert_close(
        soft_argmax(logits, window=2)[0], torch.tensor([[7.5 / 9, 7.5 / 9]])
    )
    whole = soft_argmax(logits)[0]
    assert ((whole > 0.4) & (whole < 0.8)).all()


@pytest.mark.parametrize('window', [None, 0, 1, 2, 50])
@pytest.mark.parametrize('size', [(4, 5), (1, 6), (7, 1), (5, 3)])
@pytest.mark.parametrize('scale', [1, 8])
def test_gradcheck(window, size, scale):
    torch.manual_seed(0)
    logits = scale * torch.randn(2, *size, dtype=torch.float64)
    assert torch.autograd.gradcheck(
        lambda x: soft_argmax(x, window), logits.requires_grad_()
    )


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize('window', [None, 2])
@pytest.mark.parametrize('largest', [1e4, 6e4])
def test_logits_as_large_as_half_precision_holds(dtype, window, largest):
    torch.manual_seed(0)
    logits = (torch.rand(3, 12, 16) * 2 - 1) * largest
    logits[0] = largest
    logits[1] = -largest
    logits = logits.to(dtype).requires_grad_()
    centre, heatmap = soft_argmax(logits, window)
    # Half precision knows 0.5 to three decimals, and bfloat16 to two.
    expected = soft_argmax(logits.detach().double(), window)[0]
    torch.testing.assert_close(centre.double(), expected, atol=4e-3, rtol=0)
    torch.testing.assert_close(
        heatmap.float().sum((1, 2)), torch.ones(3), atol=2e-2, rtol=0
    )
    centre.sum().backward()
    assert logits.grad.isfinite().all()


def test_a_flat_map_within_a_window_is_its_offset():
    """Equally good everywhere: some cell, the same each time, and no middle."""
    centre, _ = soft_argmax(torch.zeros(1, 8, 8), window=1)
    torch.testing.assert_close(centre, torch.tensor([[1 / 8, 1 / 8]]))


@pytest.mark.parametrize('centre', [(0.5, 0.5), (0.31, 0.77), (0.2, 0.25)])
def test_soft_argmax_inverts_the_gaussian(centre):
    centre = torch.tensor([centre], dtype=torch.float64)
    heatmap = gaussian_heatmap(centre, (1.0, 1.0), (40, 50))
    torch.testing.assert_close(heatmap.sum(), torch.tensor(1.0, dtype=torch.float64))
    found, _ = soft_argmax(heatmap.clamp(min=1e-300).log())
    torch.testing.assert_close(found, centre, atol=1e-6, rtol=0)


def test_gaussian_far_outside_stays_finite():
    heatmap = gaussian_heatmap(torch.tensor([[50.0, -50.0]]), (0.5, 0.5), (8, 8))
    assert heatmap.isfinite().all()
    torch.testing.assert_close(heatmap[0, 0, -1], torch.tensor(1.0))
