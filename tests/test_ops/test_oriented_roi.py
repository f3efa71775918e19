# Copyright (c) mmacnn authors. All rights reserved.
import math

import pytest
import torch

from mmacnn.ops import (
    add_angles,
    as_direction,
    half_angle,
    oriented_corners,
    sample_oriented_roi,
    sample_oriented_roi_gather,
    sample_roi,
)

SAMPLERS = [sample_oriented_roi, sample_oriented_roi_gather]
# Inside, across an edge, and outside of the image.
POSES = [
    ((0.5, 0.5), 0.3, 1.0),
    ((0.02, 0.9), 2.1, 0.6),
    ((0.95, 0.1), -1.3, 1.7),
    ((1.6, 0.3), 3.0, 1.0),
]


def batch(dtype=torch.float64):
    torch.manual_seed(0)
    image = torch.rand(len(POSES), 2, 24, 36, dtype=dtype)
    centre, angle, scale = (
        torch.tensor(values, dtype=dtype) for values in zip(*POSES, strict=True)
    )
    return image, centre, as_direction(angle), scale


def test_samplers_agree_also_in_their_gradients():
    results = []
    for sampler in SAMPLERS:
        inputs = [value.requires_grad_() for value in batch()]
        crop = sampler(*inputs, (8, 12), (9, 15))
        (crop * torch.arange(crop.numel()).view_as(crop).cos()).sum().backward()
        results.append([crop.detach(), *(value.grad for value in inputs)])
    torch.testing.assert_close(*results, atol=1e-9, rtol=0)


def test_pixels_prepared_after_they_are_gathered():
    def prepare(pixels):
        return 3 - pixels / 7

    image, *pose = batch()
    sizes = (8, 12), (6, 20)
    found = sample_oriented_roi_gather(image, *pose, *sizes, prepare)
    expected = sample_oriented_roi_gather(prepare(image), *pose, *sizes)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_without_turn_it_is_the_upright_roi(sampler):
    image, centre, direction, scale = batch()
    upright = as_direction(torch.zeros_like(scale))
    sizes = (8, 12), (9, 15)
    found = sampler(image, centre, upright, torch.ones_like(scale), *sizes)
    torch.testing.assert_close(found, sample_roi(image, centre, *sizes))


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_a_quarter_turn_counter_clockwise_is_straightened(sampler):
    torch.manual_seed(0)
    upright = torch.rand(1, 1, 20, 20, dtype=torch.float64)
    turned = upright.rot90(1, (2, 3))
    centre = torch.full((1, 2), 0.5, dtype=torch.float64)
    quarter = as_direction(torch.full((1,), math.pi / 2, dtype=torch.float64))
    one = torch.ones(1, dtype=torch.float64)
    found = sampler(turned, centre, quarter, one, (6, 10), (6, 10))
    torch.testing.assert_close(found, upright[:, :, 7:13, 5:15])
    corners = oriented_corners(centre * 20, quarter, one, (6, 10))
    expected = [[7.0, 15.0], [7.0, 5.0], [13.0, 5.0], [13.0, 15.0]]
    torch.testing.assert_close(corners[0], torch.tensor(expected).double())


def test_angles_add_up():
    first, second = torch.tensor([0.3, -2.0]), torch.tensor([1.0, -2.5])
    found = add_angles(as_direction(first), as_direction(second))
    torch.testing.assert_close(found, as_direction(first + second))


def test_half_of_every_angle():
    angle = torch.linspace(-math.pi, math.pi, 721, dtype=torch.float64)[:-1]
    truth = as_direction(angle)
    near = as_direction(angle + 1.4)
    found = half_angle(as_direction(2 * angle), near)
    torch.testing.assert_close(found, truth, atol=1e-12, rtol=0)
    found = half_angle(as_direction(2 * angle), -near)
    torch.testing.assert_close(found, -truth, atol=1e-12, rtol=0)
