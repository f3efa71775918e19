# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np

from mmacnn.visualization.region_names import draw_region_names

BLUE, ORANGE = (31, 119, 180), (255, 127, 14)  # The first two of matplotlib's tab10.


def regions(*boxes, size=(50, 60)):
    masks = []
    for left, top, right, bottom in boxes:
        masks.append(np.zeros(size, np.uint8))
        masks[-1][top:bottom, left:right] = 1
    return masks


def where(picture, colour):
    rows, columns = np.nonzero((picture == colour).all(-1))
    return rows, columns


def test_each_region_has_its_colour_and_a_name():
    image = np.full((50, 60, 3), 128, np.uint8)
    masks = regions((5, 5, 20, 20), (35, 30, 55, 45))
    picture = draw_region_names(image, masks, ['bear', 'man'])
    assert picture.shape == (800, 960, 3) and picture.dtype == np.uint8
    for colour, (left, top) in ((BLUE, (5, 5)), (ORANGE, (35, 30))):
        rows, columns = where(picture, colour)
        assert abs(rows.min() / 16 - top) < 1 and abs(columns.min() / 16 - left) < 1
    assert len(where(picture, (255, 255, 255))[0]) > 30  # letters
    # The region is tinted, the rest is as it was.
    assert (picture[6 * 16, 19 * 16] != 128).any()
    assert (picture[-10:, :20] == 128).all()


def test_names_of_regions_at_one_place_do_not_cover_each_other():
    image = np.zeros((50, 60, 3), np.uint8)
    mask = regions((20, 20, 40, 30))[0]
    one, two = (draw_region_names(image, [mask] * n, ['nut'] * n) for n in (1, 2))
    letters = [len(where(picture, (255, 255, 255))[0]) for picture in (one, two)]
    assert letters[1] == 2 * letters[0]


def test_names_stay_on_the_picture():
    image = np.zeros((50, 60, 3), np.uint8)
    masks = regions((0, 0, 2, 2), (58, 48, 60, 50))
    inside = draw_region_names(image, regions((20, 20, 22, 22))[:1] * 2, ['label'] * 2)
    picture = draw_region_names(image, masks, ['label'] * 2)
    letters = [len(where(p, (255, 255, 255))[0]) for p in (inside, picture)]
    assert letters[0] == letters[1] > 0
