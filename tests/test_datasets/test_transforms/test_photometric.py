# Copyright (c) mmacnn authors. All rights reserved.
import pickle
import time

import cv2
import numpy as np
import pytest

from mmacnn.datasets.transforms import (
    RandomBlur,
    RandomJPEG,
    RandomNoise,
    RandomPhotometric,
)
from mmacnn.datasets.transforms.photometric import (
    colour_matrix,
    motion_kernel,
    noise_field,
)

ALL = [RandomPhotometric, RandomNoise, RandomBlur, RandomJPEG]


def make_results(size=(60, 80), value=None):
    image = np.random.RandomState(0).randint(0, 256, (*size, 3), dtype=np.uint8)
    if value is not None:
        image[:] = value
    return dict(img=image, gt_bboxes=np.array([[1, 2, 3, 4]], np.float32))


@pytest.mark.parametrize('transform', ALL)
def test_image_changes_and_box_does_not(transform):
    np.random.seed(0)
    before = make_results()
    after = transform()(dict(before))
    assert after['img'].shape == before['img'].shape
    assert after['img'].dtype == np.uint8
    assert not np.array_equal(after['img'], before['img'])
    np.testing.assert_array_equal(after['gt_bboxes'], before['gt_bboxes'])
    np.testing.assert_array_equal(before['img'], make_results()['img'])


@pytest.mark.parametrize('transform', ALL)
def test_same_seed_same_image(transform):
    def run(seed):
        np.random.seed(seed)
        return transform()(make_results())['img']

    np.testing.assert_array_equal(run(5), run(5))
    assert not np.array_equal(run(5), run(6))


@pytest.mark.parametrize('transform', ALL)
def test_settings_survive_the_way_to_a_worker(transform):
    copy = pickle.loads(pickle.dumps(transform()))
    assert repr(copy) == repr(transform())


@pytest.mark.parametrize(
    'transform, nothing',
    [
        (
            RandomPhotometric,
            dict(brightness=0, contrast=0, saturation=0, white_balance=0, gamma=0),
        ),
        (RandomNoise, dict(sigma=(0, 0), coarse_sigma=(0, 0))),
        (RandomBlur, dict(sigma=(0, 0), motion=0)),
    ],
)
def test_amount_zero_changes_nothing(transform, nothing):
    image = transform(**nothing)(make_results())['img']
    np.testing.assert_array_equal(image, make_results()['img'])


@pytest.mark.parametrize(
    'transform', [RandomPhotometric(), RandomNoise(), RandomBlur(motion=5)]
)
def test_speed_is_that_of_a_light_model(transform):
    """Ten times the measured time, to hold on a slow and busy machine."""
    results = make_results((480, 640))
    transform(dict(results))
    times = []
    for _ in range(10):
        start = time.perf_counter()
        transform(dict(results))
        times.append(time.perf_counter() - start)
    assert min(times) < 0.010


def test_colour_matrix_by_hand():
    def recolour(colour, **factors):
        neutral = dict(brightness=1, contrast=1, saturation=1, white_balance=np.ones(3))
        matrix = colour_matrix(np.array([50.0, 60, 70]), **(neutral | factors))
        return matrix @ [*colour, 1]

    colour = np.array([10.0, 100, 200])
    np.testing.assert_allclose(recolour(colour), colour)
    np.testing.assert_allclose(recolour(colour, brightness=0.5), colour / 2)
    np.testing.assert_allclose(
        recolour(colour, contrast=0.5), (colour + [50, 60, 70]) / 2
    )
    luma = 0.114 * 10 + 0.587 * 100 + 0.299 * 200
    np.testing.assert_allclose(recolour(colour, saturation=0), [luma] * 3)
    balance = np.array([1, 1.1, 0.9])
    np.testing.assert_allclose(
        recolour(colour, white_balance=balance), balance * colour
    )
    # Contrast leaves the mean colour where the other factors put it.
    np.testing.assert_allclose(
        recolour([50, 60, 70], contrast=0.3, brightness=0.8), [40, 48, 56]
    )


def test_gamma_darkens_or_brightens_the_middle_only():
    np.random.seed(0)
    transform = RandomPhotometric(0, 0, 0, 0, gamma=0.5)
    for end in (0, 255):
        assert (transform(make_results(value=end))['img'] == end).all()
    middles = [transform(make_results(value=100))['img'][0, 0, 0] for _ in range(50)]
    assert min(middles) < 80 and max(middles) > 120


def test_noise_has_the_strength_asked_for():
    transform = RandomNoise(sigma=(6, 6), coarse_sigma=(0, 0))
    noise = transform(make_results((240, 320), 128))['img'].astype(float) - 128
    assert noise.std() == pytest.approx(6, rel=0.05)
    assert abs(noise.mean()) < 0.1
    right, channel = noise[:, 1:] * noise[:, :-1], noise[..., 0] * noise[..., 1]
    assert max(abs(right.mean()), abs(channel.mean())) < 36 * 0.05


def test_coarse_noise_is_smooth():
    transform = RandomNoise(sigma=(0, 0), coarse_sigma=(6, 6), coarse_size=4)
    noise = transform(make_results((240, 320), 128))['img'].astype(float) - 128
    neighbours = (noise[:, 1:] * noise[:, :-1]).mean() / noise.var()
    assert neighbours > 0.8


def test_noise_for_an_image_larger_than_the_pool():
    np.random.seed(0)
    field = noise_field((3000, 2000))
    assert field.shape == (3000, 2000)
    assert field.std() == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize('length, angle', [(0, 0), (3, 0), (4.5, 30), (7, 90)])
def test_motion_kernel(length, angle):
    kernel = motion_kernel(length, angle)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(kernel, kernel[::-1, ::-1], atol=1e-6)
    index = np.arange(len(kernel)) - len(kernel) // 2
    spread_x, spread_y = kernel.sum(0) @ index**2, kernel.sum(1) @ index**2
    if angle == 0:
        assert spread_y == pytest.approx(0, abs=1e-6)
    if angle == 90:
        assert spread_x == pytest.approx(0, abs=1e-6)
    # An even motion of length L has a variance of L^2 / 12; interpolation adds a bit.
    assert spread_x + spread_y == pytest.approx(length**2 / 12, abs=0.6)


def test_blur_moves_nothing():
    image = np.zeros((41, 61, 3), np.uint8)
    image[18:23, 28:33] = 255
    np.random.seed(0)
    for _ in range(10):
        blurred = RandomBlur(sigma=(0, 2), motion=6)(dict(img=image))['img']
        moments = cv2.moments(blurred[..., 0])
        centre = moments['m10'] / moments['m00'], moments['m01'] / moments['m00']
        assert centre == pytest.approx((30, 20), abs=0.1)


def test_a_lower_quality_loses_more():
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)

    def lost(quality):
        found = RandomJPEG((quality, quality))(dict(img=image))['img']
        return np.abs(found.astype(int) - image).mean()

    assert lost(10) > lost(60) > lost(99) > 0


@pytest.mark.parametrize(
    'transform, arguments, message',
    [
        (
            RandomPhotometric,
            dict(gamma=1),
            r'gamma is 1, expected a number in \[0, 1\)',
        ),
        (RandomPhotometric, dict(contrast=-0.1), 'contrast is -0.1'),
        (RandomPhotometric, dict(brightness=None), 'brightness is None'),
        (RandomNoise, dict(sigma=5), r'sigma is 5, expected \(smallest, largest\)'),
        (RandomNoise, dict(coarse_sigma=(3, 1)), 'expected the smallest value first'),
        (RandomNoise, dict(coarse_size=1), 'coarse_size is 1'),
        (RandomBlur, dict(sigma=(-1, 1)), 'sigma is -1'),
        (RandomBlur, dict(motion=True), 'motion is True'),
        (RandomJPEG, dict(quality=(0, 50)), 'quality is 0'),
    ],
)
def test_wrong_arguments(transform, arguments, message):
    with pytest.raises(ValueError, match=f'{transform.__name__}: .*{message}') as info:
        transform(**arguments)
    assert '\n' not in str(info.value)


@pytest.mark.parametrize('transform', ALL)
def test_other_images_are_refused(transform):
    results = dict(img=np.zeros((4, 4), np.uint8), img_path='grey.png')
    with pytest.raises(ValueError, match=r'grey.png has shape \(4, 4\)'):
        transform()(results)
