# Copyright (c) mmacnn authors. All rights reserved.

import numpy as np
import pytest

from mmacnn.datasets.transforms import DrawDefect
from mmacnn.datasets.transforms.draw_defect import blob, stroke
from mmacnn.utils import InputError

GREY = np.full((60, 80, 3), 120, np.uint8)


class Images(list):
    """A data set of infos."""

    get_data_info = list.__getitem__
    metainfo = dict(classes=('good', 'bad'))


def draw(label=0, image=GREY, dataset=None, **settings):
    settings = dict(dict(prob=1.0), **settings)
    known = Images([dict()]) if dataset is None else dataset
    results = dict(img=image.copy(), gt_label=label, dataset=known)
    return DrawDefect(**settings)(results)


def is_drawn(results):
    return 'gt_seg_map' in results


def test_the_mask_is_where_the_image_changed():
    np.random.seed(0)
    drawn = [draw(difference_range=(40, 40)) for _ in range(40)]
    drawn = [each for each in drawn if is_drawn(each)]
    assert len(drawn) > 30
    for each in drawn:
        changed = np.abs(each['img'].astype(int) - GREY).max(-1)
        mask = each['gt_seg_map'] > 0
        assert each['gt_label'] == 0 and mask.any() and (changed > 8).any()
        # Half-transparent edges lie within two pixels of the mask.
        near = np.lib.stride_tricks.sliding_window_view(np.pad(mask, 2), (5, 5))
        assert not ((changed > 15) & ~near.any((2, 3))).any()


def test_nothing_is_drawn_where_masks_tell_more_or_no_class_would_be_right():
    several = Images([dict()])
    several.metainfo = dict(classes=('good', 'bent', 'torn'))
    outlined = Images([dict(), dict(mask_path='a.png')])
    untouched = [
        draw(label=1),
        draw(prob=0.0),
        draw(dataset=outlined),
        draw(dataset=several),
    ]
    for results in untouched:
        assert not is_drawn(results) and (results['img'] == GREY).all()
    # The mask of a good image, which shows nothing, is none.
    assert is_drawn(draw(dataset=Images([dict(mask_path=None)])))


def test_the_seed_decides():
    images = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        images.append(draw()['img'])
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
    ('settings', 'image', 'message'),
    [
        (dict(prob=1.5), GREY, 'prob'),
        (dict(size_range=(0.5, 0.1)), GREY, 'size_range'),
        ({}, GREY[..., 0], 'expected'),
    ],
)
def test_wrong_settings_and_images(settings, image, message):
    with pytest.raises(InputError, match=message):
        draw(image=image, **settings)
