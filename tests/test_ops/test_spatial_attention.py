# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.ops import spatial_attention


@pytest.fixture
def weights():
    """Two heads of 3 channels for keys and 2 for values, on 5 input channels."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 3), (2, 3, 5), (2, 2, 5))
    return [
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes
    ]


def pixel_by_pixel(x, query, key_weight, value_weight, stride):
    """The same, for one image and one head at a time."""
    rows = []
    for image in x:
        pixels = image[:, ::stride, ::stride].flatten(1).T
        for head in range(len(query)):
            scores = torch.stack([query[head] @ key_weight[head] @ p for p in pixels])
            values = torch.stack([value_weight[head] @ p for p in pixels])
            rows.append((scores.softmax(0)[:, None] * values).sum(0))
    return torch.cat(rows).view(len(x), -1)


def test_two_pixels_by_hand():
    x = torch.tensor([0.0, 3.0]).log1p().view(1, 1, 1, 2)
    one = torch.ones(1, 1, 1)
    attended = spatial_attention(x, one[0], one, one, stride=1)
    # Softmax of (0, log 4) is (1/5, 4/5).
    torch.testing.assert_close(attended, 0.8 * x[..., 1].view(1, 1))


@pytest.mark.parametrize(
    ('size', 'stride'), [((4, 6), 1), ((7, 5), 2), ((1, 1), 2), ((5, 9), 4)]
)
@pytest.mark.parametrize('batch', [1, 3])
def test_equals_the_sum_pixel_by_pixel(weights, batch, size, stride):
    x = torch.randn(batch, 5, *size, dtype=torch.float64)
    attended = spatial_attention(x, *weights, stride)
    assert attended.shape == (batch, 4)
    torch.testing.assert_close(attended, pixel_by_pixel(x, *weights, stride))


def test_no_image(weights):
    x = torch.empty(0, 5, 4, 4, dtype=torch.float64)
    assert spatial_attention(x, *weights, 2).shape == (0, 4)


@pytest.mark.parametrize('stride', [1, 2])
def test_gradcheck(weights, stride):
    x = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    inputs = [tensor.requires_grad_() for tensor in (x, *weights)]
    assert torch.autograd.gradcheck(
        lambda *tensors: spatial_attention(*tensors, stride), inputs
    )


def test_large_scores_stay_finite(weights):
    x = torch.randn(1, 5, 8, 8, dtype=torch.float64) * 1e6
    assert spatial_attention(x, *weights, 1).isfinite().all()
