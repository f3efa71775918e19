# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest

from mmacnn.datasets.transforms import CutPaste


def make_results(size=(60, 80)):
    image = np.random.RandomState(0).randint(0, 256, (*size, 3), dtype=np.uint8)
    return dict(img=image, gt_label=0)


def test_some_pixels_change_and_the_label_says_so():
    np.random.seed(0)
    fractions = []
    for _ in range(50):
        after = CutPaste(prob=1, area=(0.02, 0.05))(make_results())
        assert after['gt_label'] == 1 and after['img'].dtype == np.uint8
        fractions.append((after['img'] != make_results()['img']).any(-1).mean())
    assert 0.01 < np.median(fractions) < 0.06 and max(fractions) < 0.09


def test_half_of_the_images_stay_good():
    np.random.seed(0)
    results = [CutPaste()(make_results()) for _ in range(200)]
    good = [each for each in results if each['gt_label'] == 0]
    assert 70 < len(good) < 130
    for each in good:
        np.testing.assert_array_equal(each['img'], make_results()['img'])


def test_the_input_is_not_written_to():
    before = make_results()
    CutPaste(prob=1)(dict(before))
    np.testing.assert_array_equal(before['img'], make_results()['img'])


def test_same_seed_same_image():
    def run(seed):
        np.random.seed(seed)
        return CutPaste(prob=1)(make_results())['img']

    np.testing.assert_array_equal(run(3), run(3))
    assert not np.array_equal(run(3), run(4))


@pytest.mark.parametrize(
    'settings',
    [dict(prob=2), dict(area=(0, 0.1)), dict(aspect=(3, 1)), dict(brightness=1)],
)
def test_settings_out_of_range(settings):
    with pytest.raises(ValueError, match=f'CutPaste: {next(iter(settings))}'):
        CutPaste(**settings)
