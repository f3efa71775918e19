# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest

from mmacnn.datasets.transforms import RandomMadeDefect
from mmacnn.datasets.transforms.made_defects import blob, stroke
from mmacnn.utils import InputError

GREY = np.full((60, 80, 3), 120, np.uint8)


def draw(label=0, image=GREY, **settings):
    results = dict(img=image.copy(), gt_label=label, img_path='a.png')
    return RandomMadeDefect(**settings)(results)


def test_the_mask_is_where_the_image_changed():
    np.random.seed(0)
    made = [draw(prob=1.0, difference_range=(40, 40)) for _ in range(40)]
    made = [each for each in made if each.get('is_made')]
    assert len(made) > 30
    for each in made:
        changed = np.abs(each['img'].astype(int) - GREY).max(-1) > 15
        mask = each['gt_seg_map'] > 0
        assert each['gt_label'] == 0 and mask.any()
        # Half-transparent edges lie within two pixels of the mask.
        near = np.pad(mask, 2)
        near = np.lib.stride_tricks.sliding_window_view(near, (5, 5)).any((2, 3))
        assert not (changed & ~near).any()
    shown = [(np.abs(m['img'].astype(int) - GREY).max(-1) > 8).any() for m in made]
    assert all(shown)


def test_defective_images_stay_and_the_seed_decides():
    assert draw(label=1, prob=1.0).keys() == {'img', 'gt_label', 'img_path'}
    assert draw(prob=0.0).keys() == {'img', 'gt_label', 'img_path'}
    images = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        images.append(draw(prob=1.0)['img'])
    assert np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])


@pytest.mark.parametrize('shape', [blob, stroke])
def test_sizes(shape):
    np.random.seed(0)
    small, large = (
        np.mean([shape((200, 300), s).sum() for _ in range(30)]) for s in (8, 60)
    )
    assert 3 < small < large


@pytest.mark.parametrize(
    'settings, image, message',
    [
        (dict(prob=1.5), GREY, 'prob'),
        (dict(size_range=(0.5, 0.1)), GREY, 'size_range'),
        (dict(prob=1.0), GREY[..., 0], 'expected'),
    ],
)
def test_wrong_settings_and_images(settings, image, message):
    with pytest.raises(InputError, match=message):
        draw(image=image, **settings)
