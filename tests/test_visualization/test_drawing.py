# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest
from PIL import Image

from mmacnn.visualization.drawing import (
    as_canvas,
    crop_roi,
    draw_box,
    draw_text,
    fit,
    load_font,
    overlay_heatmap,
)


@pytest.mark.parametrize(
    'shape, expected',
    [((50, 100), (100, 200)), ((400, 400), (150, 150)), ((1, 4000), (1, 200))],
)
def test_fit_keeps_proportions(shape, expected):
    image = np.full((*shape, 3), 77, dtype=np.uint8)

    fitted = fit(image, 150, 200)

    assert fitted.shape == (*expected, 3)
    assert (fitted == 77).all()


def test_crop_is_the_part_of_the_image():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)

    crop = crop_roi(image, np.array([4.0, 6.0, 12.0, 10.0]), 4, 8)

    np.testing.assert_array_equal(crop, image[6:10, 4:12])


def test_crop_is_magnified_in_proportion():
    image = np.zeros((20, 30, 3), dtype=np.uint8)

    assert crop_roi(image, np.array([0.0, 0, 8, 4]), 100, 80).shape == (40, 80, 3)


def test_crop_is_black_outside_the_image():
    image = np.full((10, 10, 3), 200, dtype=np.uint8)

    crop = crop_roi(image, np.array([-4.0, 6, 4, 14]), 8, 8)

    assert (crop[:4, 4:] == 200).all()
    assert (crop[4:] == 0).all() and (crop[:, :4] == 0).all()


def test_roi_without_area_has_no_crop():
    image = np.zeros((10, 10, 3), dtype=np.uint8)

    assert crop_roi(image, np.array([5.0, 5, 5, 8]), 8, 8) is None


def test_heat_is_coloured_and_the_rest_grey():
    image = np.full((40, 80, 3), (10, 120, 60), dtype=np.uint8)
    heatmap = np.zeros((4, 8))
    heatmap[1, 6] = 1.0

    overlay = overlay_heatmap(image, heatmap)

    assert overlay.shape == image.shape and overlay.dtype == np.uint8
    hot, cold = overlay[15, 65].astype(int), overlay[30, 10].astype(int)
    assert hot[0] - hot[2] > 100
    assert cold.max() == cold.min()


def test_heat_map_of_nothing_is_drawn():
    overlay = overlay_heatmap(np.full((4, 4, 3), 100, np.uint8), np.zeros((2, 2)))

    assert (overlay == 75).all()


def test_box_lies_just_outside_its_edges():
    canvas, draw = as_canvas(np.full((40, 60, 3), 50, dtype=np.uint8))

    draw_box(draw, np.array([20.0, 10.0, 40.0, 30.0]), (255, 0, 0))

    drawn = np.asarray(canvas)
    assert (drawn[10:30, 20:40] == 50).all()  # What the box shows stays as it is.
    assert (drawn[7:9, 17:43] == (255, 0, 0)).all()
    assert (drawn[31:33, 17:43] == (255, 0, 0)).all()
    assert (drawn[7:33, 17:19] == (255, 0, 0)).all()
    assert (drawn[7:33, 41:43] == (255, 0, 0)).all()
    assert (drawn[9, 19:41] == 0).all() and (drawn[6, 16:44] == 0).all()
    assert (drawn[:6] == 50).all() and (drawn[34:] == 50).all()


def test_long_text_is_shortened():
    draw = as_canvas(np.zeros((30, 200, 3), dtype=np.uint8))[1]

    written = draw_text(draw, (0, 15), 'x' * 100, 120, 15, (255, 255, 255))

    assert 90 < written <= 120
    drawn = np.asarray(Image.Image.convert(draw._image, 'L'))
    assert drawn[:, :120].any() and not drawn[:, 121:].any()


def test_short_text_is_left_alone():
    draw = as_canvas(np.zeros((30, 200, 3), dtype=np.uint8))[1]

    written = draw_text(draw, (0, 15), '(18.7)', 120, 15, (255, 255, 255))

    assert written == int(load_font(15).getlength('(18.7)'))
