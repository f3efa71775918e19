# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest

from mmacnn.ops.froc import ImageDetections, froc, match

BOX, FAR = (0, 0, 10, 10), (50, 50, 60, 60)


def image(found, objects):
    """Both as (box, label), found with its score as a third."""
    boxes, labels, scores = zip(*found, strict=True) if found else ((), (), ())
    true_boxes, true_labels = zip(*objects, strict=True) if objects else ((), ())
    rows = [np.array(b, float).reshape(-1, 4) for b in (boxes, true_boxes)]
    return ImageDetections(
        rows[0],
        np.array(scores, float),
        np.array(labels),
        rows[1],
        np.array(true_labels),
    )


@pytest.mark.parametrize(
    'found, objects, expected',
    [
        ([(BOX, 0, 0.9)], [(BOX, 0)], [True]),
        ([(BOX, 1, 0.9)], [(BOX, 0)], [False]),
        ([(FAR, 0, 0.9)], [(BOX, 0)], [False]),
        ([(BOX, 0, 0.9)], [], [False]),
        ([], [(BOX, 0)], []),
        # Twice the same object: the better one found it.
        ([(BOX, 0, 0.4), (BOX, 0, 0.9)], [(BOX, 0)], [False, True]),
        # Two objects close by, each with its box.
        ([((1, 0, 11, 10), 0, 0.9), (BOX, 0, 0.8)], [(BOX, 0), ((2, 0, 12, 10), 0)],
         [True, True]),
    ],
)  # fmt: skip
def test_an_object_is_found_once_by_its_class(found, objects, expected):
    assert match(image(found, objects)).tolist() == expected


def test_figures_by_hand():
    images = [
        image([(BOX, 0, 0.9), (FAR, 0, 0.8)], [(BOX, 0)]),
        image([(BOX, 0, 0.2)], [(BOX, 0), (FAR, 1)]),
        image([], []),
        image([(FAR, 0, 0.35)], []),
    ]
    result = froc(images, rates=(0, 0.25, 0.5))
    # 0.9 right, 0.8 false, 0.35 false, 0.2 right, on four images with three objects.
    assert result.pop('image_auroc') == pytest.approx(0.75)
    assert result == pytest.approx(
        {
            'recall@0': 1 / 3,
            'recall@0.25': 1 / 3,
            'recall@0.5': 2 / 3,
            'found': 1 / 3,
            'false_per_image': 0.5,
            'images_without_false': 0.5,
        }
    )


def test_what_cannot_be_told_is_left_out():
    assert froc([image([], [])]) == dict(false_per_image=0, images_without_false=1)
    assert set(froc([image([], [(BOX, 0)])])) == {
        'false_per_image',
        'found',
        'recall@0.1',
        'recall@1',
    }
