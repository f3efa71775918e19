# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.ops import quarter_turn, rotate, rotations


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.rand(2, 3, 16, 16, dtype=torch.float64)


@pytest.mark.parametrize('turns', range(-1, 5))
def test_quarter_turn_is_rot90(images, turns):
    assert torch.equal(quarter_turn(images, turns), torch.rot90(images, turns, (2, 3)))


def test_quarter_turn_refuses_oblong_images(images):
    with pytest.raises(ValueError, match=r'found images of \(16, 8\)'):
        quarter_turn(images[..., :8], 1)


@pytest.mark.parametrize('size', [(12, 12), (12, 20), (9, 9)])
def test_half_turn_by_sampling(size):
    images = torch.rand(2, 1, *size, dtype=torch.float64)
    found = rotate(images, torch.tensor([180.0, -180.0]))
    torch.testing.assert_close(found, images.flip((2, 3)), atol=1e-9, rtol=0)


def test_rotation_keeps_distances_in_oblong_images():
    # A point 4 px right of the middle must come to lie 4 px above it.
    image = torch.zeros(1, 1, 21, 41)
    image[0, 0, 10, 24] = 1
    found = rotate(image, torch.tensor([90.0]))[0, 0]
    assert found[6, 20] == pytest.approx(1, abs=1e-4)
    assert found.sum() == pytest.approx(1, abs=1e-3)


def test_each_image_has_its_angle(images):
    both = rotate(images, torch.tensor([30.0, 75.0]))
    torch.testing.assert_close(both[1:], rotate(images[1:], torch.tensor([75.0])))


@pytest.mark.parametrize('size', [(16, 16), (16, 24)])
def test_shared_sampling_changes_nothing(size):
    images = torch.rand(2, 3, *size, dtype=torch.float64)
    degrees = [0, 30, 90, 120, 180, 210, 270, 300, -60, 360]
    found = rotations(images, degrees)
    assert found.shape == (2, 10, 3, *size)
    for index, angle in enumerate(degrees):
        expected = rotate(images, torch.full((2,), float(angle)))
        torch.testing.assert_close(found[:, index], expected, atol=1e-6, rtol=0)


def test_gradient():
    images = torch.rand(1, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    angle = torch.tensor([33.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: rotate(x, angle), images)
