# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.models.anomaly import RotatedViews
from mmacnn.ops import rotate

BOTH = ('horizontal', 'vertical')


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.rand(2, 3, 16, 16)


@pytest.mark.parametrize('flips', [(), ('vertical',), BOTH])
@pytest.mark.parametrize('degrees', [0, 10, 180])
def test_shapes(images, degrees, flips):
    views = RotatedViews(3, 5, degrees, flips)
    assert views.random(images).shape == (2, 3, 3, 16, 16)
    assert views.fixed(images, range(1, 4)).shape == (2, 3, 3, 16, 16)


def test_the_whole_circle_in_even_steps():
    angles = RotatedViews(num_test=64).angles
    assert sorted(angles) == [5.625 * index for index in range(64)]
    # So that quarter turns fraction their sampling.
    assert angles[:5] == [0, 90, 180, 270, 5.625]


@pytest.mark.parametrize(
    ('count', 'expected'), [(1, [0]), (2, [-8, 8]), (5, [-8, -4, 0, 4, 8])]
)
def test_a_part_of_the_circle(count, expected):
    assert RotatedViews(num_test=count, degrees=8).angles == expected


def test_a_fixed_pose_is_left_alone(images):
    views = RotatedViews(1, 1, degrees=0)
    assert torch.equal(views.random(images)[:, 0], images)
    assert torch.equal(views.fixed(images, [0])[:, 0], images)


def test_fixed_views_are_rotations(images):
    views = RotatedViews(num_test=6)
    found = views.fixed(images, range(6))
    for index, angle in enumerate(views.angles):
        expected = rotate(images, torch.full((2,), angle))
        torch.testing.assert_close(found[:, index], expected, atol=1e-4, rtol=0)


def test_random_views_stay_within_the_angle(images):
    ramp = torch.linspace(-1, 1, 65).expand(1, 1, 65, 65)
    torch.manual_seed(0)
    found = RotatedViews(64, degrees=20).random(ramp)[0, :, 0]
    across, down = (
        found[:, 32, 40] - found[:, 32, 24],
        found[:, 40, 32] - found[:, 24, 32],
    )
    angles = torch.atan2(down, across).abs().rad2deg()
    assert 15 < angles.max() <= 20.1 and angles.min() < 3


def test_flips_are_taken_in_turn(images):
    found = RotatedViews(num_test=4, degrees=0, flips=BOTH).fixed(images, range(4))
    expected = [images, images.flip(3), images.flip(2), images.flip((2, 3))]
    assert torch.equal(found, torch.stack(expected, 1))


@pytest.mark.parametrize('degrees', [0, 90, 180])
@pytest.mark.parametrize('flips', [(), BOTH])
def test_restored_maps_lie_on_the_image(images, degrees, flips):
    views = RotatedViews(
        num_test=8 if degrees == 180 else 3, degrees=degrees, flips=flips
    )
    indices = range(1, 3)
    found = views.restored(views.fixed(images, indices), indices)
    for index in range(2):  # multiples of 90 degrees, without loss
        torch.testing.assert_close(found[:, index], images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_train=0), 'num_train is 0'),
        (dict(num_test=0), 'num_test 0'),
        (dict(degrees=200), 'degrees is 200'),
        (dict(flips=('diagonal',)), 'diagonal'),
    ],
)
def test_settings_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        RotatedViews(**options)
