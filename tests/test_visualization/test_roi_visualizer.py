# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.registry import VISUALIZERS
from mmacnn.visualization.roi_visualizer import (
    BACKGROUND,
    BOX_COLOUR,
    GAP,
    HEADER,
    RIGHT,
    ROI_COLOUR,
    UNKNOWN,
    WRONG,
    RoIVisualizer,
)


@pytest.fixture
def visualizer():
    visualizer = RoIVisualizer()
    visualizer.dataset_meta = dict(classes=('(18.7)', '(18.4)'))
    return visualizer


@pytest.fixture
def image():
    """A photograph in one colour, half the size of the space for it."""
    return np.full((300, 400, 3), (90, 60, 30), dtype=np.uint8)


def make_sample(gt_label=None, boxes=None, pred=0, roi=None, heatmap=None, **metainfo):
    sample = DataSample(metainfo=metainfo)
    if gt_label is not None:
        sample.set_gt_label(gt_label)
    if boxes is not None:
        sample.set_field(torch.tensor(boxes, dtype=torch.float32), 'gt_bboxes')
    if pred is not None:
        sample.set_pred_label(pred)
        sample.set_pred_score(torch.eye(2)[pred] * 0.9 + 0.05)
    if roi is not None:
        sample.set_field(torch.tensor(roi, dtype=torch.float32), 'pred_roi')
    if heatmap is not None:
        sample.set_field(heatmap, 'pred_heatmap')
    return sample


def where(picture, colour) -> tuple[int, int, int, int] | None:
    """Outermost pixels of a colour as left, top, right, bottom."""
    rows, columns = np.nonzero((picture == colour).all(axis=-1))
    if not len(rows):
        return None
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def photo(picture):
    """The part where the photograph of 300x400 stands, at twice its size."""
    return picture[HEADER : HEADER + 600, GAP : GAP + 800]


def has(picture, colour) -> bool:
    return where(picture, colour) is not None


def test_it_is_registered():
    assert VISUALIZERS.get('RoIVisualizer') is RoIVisualizer


def test_boxes_are_where_they_belong(visualizer, image):
    # Input = image x (2, 0.5), photograph = image x 2. Lines end 3 px outside a box.
    sample = make_sample(
        gt_label=0,
        boxes=[[240, 50, 320, 60]],
        roi=[100, 80, 180, 140],
        ori_shape=(300, 400),
        img_shape=(150, 800),
        scale_factor=(2.0, 0.5),
    )

    drawn = photo(visualizer.add_datasample('1.png', image, sample))

    assert where(drawn, ROI_COLOUR) == (197, 157, 363, 283)
    assert where(drawn, BOX_COLOUR) == (237, 197, 323, 243)
    assert (drawn[160:196, 200:236] == image[0, 0]).all()


@pytest.mark.parametrize('gt_label, colour', [(0, RIGHT), (1, WRONG), (None, UNKNOWN)])
def test_verdict_has_its_colour(visualizer, image, gt_label, colour):
    picture = visualizer.add_datasample('1.png', image, make_sample(gt_label=gt_label))

    header = picture[:HEADER]
    assert [has(header, c) for c in (RIGHT, WRONG, UNKNOWN)] == [
        colour == c for c in (RIGHT, WRONG, UNKNOWN)
    ]


def test_crop_and_heat_map_stand_beside_the_photograph(visualizer, image):
    image[120:140, 200:240] = (250, 0, 250)
    heatmap = torch.full((30, 40), 1e-3)
    heatmap[13, 22] = 1.0
    sample = make_sample(roi=[200, 120, 240, 140], heatmap=heatmap / heatmap.sum())

    picture = visualizer.add_datasample('1.png', image, sample)

    alone = visualizer.add_datasample('1.png', image, make_sample())
    assert picture.shape[1] > alone.shape[1]
    column = picture[HEADER:, GAP + 800 + GAP : -GAP]
    left, top, right, bottom = where(column, (250, 0, 250))
    # 40x20 px fill 384x192, but half of one image pixel at each edge is mixed.
    assert (left, top, right, bottom) == (5, 5, 384 - 5, 192 - 5)
    below = column[192 + 20 :].astype(int)
    assert (below[..., 0] - below[..., 2] > 100).any()


def test_crop_is_of_the_resolution_that_the_network_saw(visualizer):
    # Stripes of one pixel vanish when the network's input is half as large.
    image = np.zeros((300, 400, 3), dtype=np.uint8)
    image[:, ::2] = 255
    sample = make_sample(
        roi=[100, 100, 180, 140],
        img_shape=(150, 200),
        scale_factor=(0.5, 0.5),
    )

    picture = visualizer.add_datasample('1.png', image, sample)

    crop = picture[HEADER + 10 : HEADER + 150, GAP + 810 + GAP : -GAP - 10]
    assert crop.min() > 100 and crop.max() < 150


def test_roi_outside_the_image(visualizer, image):
    picture = visualizer.add_datasample(
        '1.png', image, make_sample(roi=[-90, -50, -10, -10])
    )

    assert not has(photo(picture), ROI_COLOUR)
    crop = picture[HEADER : HEADER + 150, GAP + 800 + GAP : -GAP]
    assert (crop == 0).all()


def test_what_is_not_asked_for_is_not_drawn(visualizer, image):
    sample = make_sample(gt_label=1, boxes=[[20, 20, 60, 60]], roi=[9, 9, 99, 99])

    no_gt = visualizer.add_datasample('1.png', image, sample, draw_gt=False)
    no_pred = visualizer.add_datasample('1.png', image, sample, draw_pred=False)

    assert has(photo(no_gt), ROI_COLOUR) and not has(no_gt, BOX_COLOUR)
    assert has(photo(no_pred), BOX_COLOUR) and not has(no_pred, ROI_COLOUR)
    assert has(no_gt[:HEADER], UNKNOWN) and not has(no_gt[:HEADER], WRONG)


@pytest.mark.parametrize('shape', [(3, 5), (1, 900), (900, 1), (3000, 4000)])
def test_any_size_of_image(visualizer, shape):
    image = np.full((*shape, 3), 200, dtype=np.uint8)
    sample = make_sample(gt_label=1, boxes=[[0, 0, 1, 1]], roi=[0, 0, 2, 2])

    picture = visualizer.add_datasample('x' * 300, image, sample)

    assert picture.shape[0] <= 720 and 400 < picture.shape[1] <= 1280
    assert (picture[-2:] == BACKGROUND).all()
    assert has(picture[:HEADER], WRONG)


def test_views_and_other_channel_orders_are_drawn(visualizer, image):
    picture = visualizer.add_datasample('1.png', image[..., ::-1], make_sample())

    assert (photo(picture)[300, 400] == (30, 60, 90)).all()


def test_picture_is_saved_as_it_is_returned(visualizer, image, tmp_path):
    out_file = tmp_path / 'new' / 'picture.png'

    picture = visualizer.add_datasample(
        '1.png', image, make_sample(roi=[9, 9, 99, 99]), out_file=str(out_file)
    )

    np.testing.assert_array_equal(cv2.imread(str(out_file))[..., ::-1], picture)


def test_picture_goes_to_the_backends(image, tmp_path):
    visualizer = RoIVisualizer(
        vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path)
    )

    visualizer.add_datasample('bottle', image, make_sample(), step=3)

    assert [path.name for path in tmp_path.rglob('*.png')] == ['bottle_3.png']


def test_the_data_sample_stays_as_it_was(visualizer, image):
    sample = make_sample(boxes=[[20, 20, 60, 60]], scale_factor=(2.0, 2.0))
    sample.gt_bboxes = sample.gt_bboxes.double()

    visualizer.add_datasample('1.png', image, sample)

    assert sample.gt_bboxes.tolist() == [[20, 20, 60, 60]]


def test_classes_without_names_have_numbers(visualizer):
    visualizer.dataset_meta = None

    assert visualizer.class_name(3) == 'class 3'


@pytest.mark.parametrize(
    'image', [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 3), np.float32)]
)
def test_other_images_are_refused(visualizer, image):
    with pytest.raises(ValueError, match=r'1.png: expected an RGB image'):
        visualizer.add_datasample('1.png', image, make_sample())
