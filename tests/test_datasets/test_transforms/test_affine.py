# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest
from mmcv.transforms import RandomFlip, Resize

from mmacnn.datasets.transforms import RandomAffine
from mmacnn.datasets.transforms.affine import affine_matrix, warp_boxes, warp_image

BOX = (30, 40, 70, 60)


def make_results(boxes=(BOX,), size=(120, 160)):
    """A black image with its boxes painted white."""
    image = np.zeros((*size, 3), np.uint8)
    for x1, y1, x2, y2 in boxes:
        image[y1:y2, x1:x2] = 255
    return dict(
        img=image, gt_bboxes=np.array(boxes, np.float32).reshape(-1, 4), gt_label=1
    )


def bright_box(image):
    """xyxy of the bright part, edge to edge."""
    rows, columns = np.nonzero(image[..., 0] > 127)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize('seed', range(12))
def test_box_follows_image(seed):
    np.random.seed(seed)
    transform = RandomAffine(
        translate_ratio=0.3, scale_range=(0.6, 1.5), rotate=25, shear=10, fill=(0, 0, 0)
    )
    results = transform(make_results())
    np.testing.assert_allclose(
        results['gt_bboxes'][0], bright_box(results['img']), atol=1.5
    )
    assert results['img'].dtype == np.uint8
    assert results['gt_bboxes'].dtype == np.float32


def test_hand_computed_matrices():
    # A quarter turn clockwise about the centre (80, 60): (90, 60) goes to (80, 70).
    matrix = affine_matrix((120, 160), scale=1, rotate=90, shear=0)
    np.testing.assert_allclose(matrix @ [90, 60, 1], [80, 70], atol=1e-9)
    matrix = affine_matrix((120, 160), scale=2, rotate=0, shear=0)
    boxes = warp_boxes(np.array([[80, 60, 90, 65]], np.float32), matrix)
    np.testing.assert_allclose(boxes, [[80, 60, 100, 70]])
    # A shear of 45 degrees moves a point 10 below the centre by 10.
    matrix = affine_matrix((120, 160), scale=1, rotate=0, shear=45)
    np.testing.assert_allclose(matrix @ [80, 70, 1], [90, 70], atol=1e-9)


def test_pixels_are_counted_from_their_edges():
    image = np.random.RandomState(0).randint(0, 255, (6, 8, 3), dtype=np.uint8)
    half_turn = affine_matrix((6, 8), scale=1, rotate=180, shear=0)
    np.testing.assert_array_equal(warp_image(image, half_turn), image[::-1, ::-1])


@pytest.mark.parametrize('seed', range(20))
def test_known_box_stays_inside(seed):
    np.random.seed(seed)
    box = (0, 90, 40, 118)
    results = RandomAffine(translate_ratio=1, rotate=30)(make_results([box]))
    x1, y1, x2, y2 = results['gt_bboxes'][0]
    # float32 leaves no more than a hundredth of a pixel
    assert -0.01 <= x1 < x2 <= 160.01 and -0.01 <= y1 < y2 <= 120.01


def test_box_larger_than_image_is_centred():
    results = make_results([(10, 10, 150, 110)])
    results = RandomAffine(scale_range=(2, 2), rotate=0)(results)
    x1, y1, x2, y2 = results['gt_bboxes'][0]
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((80, 60), abs=0.01)


def test_shift_covers_its_range():
    """With room on all sides, a known box must not bias the shift."""
    transform = RandomAffine(translate_ratio=0.1, scale_range=(1, 1), rotate=0)
    np.random.seed(0)
    shifts = []
    for _ in range(300):
        box = transform(make_results([(70, 50, 90, 70)]))['gt_bboxes'][0]
        shifts.append(box[:2] - [70, 50])
    low, high = np.min(shifts, axis=0), np.max(shifts, axis=0)
    np.testing.assert_allclose(low, [-16, -12], atol=0.5)
    np.testing.assert_allclose(high, [16, 12], atol=0.5)
    assert np.abs(np.mean(shifts, axis=0)).max() < 1.5


def test_same_seed_same_result():
    def run(seed):
        np.random.seed(seed)
        return RandomAffine()(make_results())

    first, second, other = run(3), run(3), run(4)
    np.testing.assert_array_equal(first['img'], second['img'])
    np.testing.assert_array_equal(first['gt_bboxes'], second['gt_bboxes'])
    assert not np.array_equal(first['img'], other['img'])


def test_image_without_box():
    results = RandomAffine()(make_results([]))
    assert results['gt_bboxes'].shape == (0, 4)
    assert results['gt_bboxes'].dtype == np.float32
    results.pop('gt_bboxes')
    assert 'gt_bboxes' not in RandomAffine()(results)


@pytest.mark.parametrize(
    'fill, corner', [('mean', 100), ('edge', 100), ('reflect', 100), ((7, 7, 7), 7)]
)
def test_fill(fill, corner):
    results = dict(img=np.full((40, 40, 3), 100, np.uint8))
    transform = RandomAffine(scale_range=(0.5, 0.5), translate_ratio=0, fill=fill)
    assert (transform(results)['img'][0, 0] == corner).all()


@pytest.mark.parametrize('flip', ['horizontal', 'vertical'])
def test_mmcv_transforms_move_our_boxes(flip):
    results = RandomFlip(prob=1.0, direction=flip)(make_results())
    np.testing.assert_allclose(results['gt_bboxes'][0], bright_box(results['img']))
    results = Resize(scale=(80, 120))(results)
    np.testing.assert_allclose(
        results['gt_bboxes'][0], bright_box(results['img']), atol=1
    )
    # mmcv's Resize leaves float64 boxes.
    assert RandomAffine()(results)['gt_bboxes'].dtype == np.float32
    empty = Resize(scale=(80, 120))(RandomFlip(prob=1.0)(make_results([])))
    assert empty['gt_bboxes'].shape == (0, 4)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(translate_ratio=1.5), r'translate_ratio is 1.5, expected .* \[0, 1\]'),
        (dict(translate_ratio='a'), "translate_ratio is 'a', expected a number"),
        (dict(scale_range=(0, 1)), r'scale_range is 0, expected a number in \[0.01'),
        (dict(scale_range=(2, 1)), r'expected the smallest value first'),
        (dict(scale_range=1.5), r'expected \(smallest, largest\)'),
        (dict(rotate=-1), r'rotate is -1, expected a number in \[0, 180\]'),
        (dict(rotate=float('nan')), 'rotate is nan'),
        (dict(shear=60), r'shear is 60'),
        (dict(fill='wrap'), "fill is 'wrap', expected 'mean'"),
        (dict(fill=(1, 2)), 'expected three BGR values'),
        (dict(fill=(1, 2, 300)), 'fill is 300'),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=f'RandomAffine: .*{message}') as info:
        RandomAffine(**arguments)
    assert '\n' not in str(info.value)


def test_float_image_is_refused():
    results = dict(img=np.zeros((4, 4, 3), np.float32), img_path='a.png')
    with pytest.raises(ValueError, match='RandomAffine: a.png has shape'):
        RandomAffine()(results)


def test_no_motion_changes_no_pixel():
    """Half a pixel's offset must not blur an image that is not moved."""
    image = cv2.randu(np.empty((20, 30, 3), np.uint8), 0, 255)
    still = affine_matrix((20, 30), scale=1, rotate=0, shear=0)
    np.testing.assert_array_equal(warp_image(image, still), image)
