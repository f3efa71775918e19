# Copyright (c) mmacnn authors. All rights reserved.
from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from mmacnn.synthetic import TASKS, with_turns
from mmacnn.synthetic.bottle.geometry import warp_print
from mmacnn.synthetic.bottle.wording import DECOY_LINES, decoy_number
from mmacnn.synthetic.camera.devices import DeviceStyle
from mmacnn.synthetic.tasks.product_code import (
    CLASSES,
    DEVICES,
    WIDE_DEVICES,
    code_box,
    compose,
    make_product_code,
)
from mmacnn.utils import InputError

SIZE = (480, 640)
SMALL = (240, 320)


def draw(index, split='train', size=SMALL, **settings):
    seeds = np.random.SeedSequence([7, index])
    return make_product_code(seeds, index % 4, size, DEVICES[split], **settings)


def box_of(index, split, size=SIZE):
    sheet, view, _, scale = compose(
        np.random.default_rng(index), index % 4, size, DEVICES[split]
    )
    return code_box(sheet, view) * scale


def code_ink(index, split):
    """Ink of the code alone in the photograph, and its box."""
    layers = []
    for draw_code in (True, False):
        sheet, view, _, scale = compose(
            np.random.default_rng(index), index % 4, SIZE, DEVICES[split], draw_code
        )
        ink, window = warp_print(
            sheet.canvas, sheet.origin, sheet.density, view, SIZE, scale
        )
        layer = np.zeros(SIZE, np.float32)
        layer[window] = ink
        layers.append(layer)
    return layers[0] - layers[1], code_box(sheet, view) * scale


def test_same_seed_same_image():
    first, second, other = draw(0), draw(0), draw(1)
    assert first[0].dtype == np.uint8 and first[0].shape == (*SMALL, 3)
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1][0] == second[1][0] == 0
    np.testing.assert_array_equal(first[1][1], second[1][1])
    assert (first[0] != other[0]).mean() > 0.5


def test_global_random_state_plays_no_part():
    np.random.seed(1)
    first = draw(0)[0]
    np.random.seed(2)
    before = np.random.get_state()[1].copy()
    np.testing.assert_array_equal(first, draw(0)[0])
    np.testing.assert_array_equal(before, np.random.get_state()[1])


@pytest.mark.parametrize('split', DEVICES)
def test_box_fits_the_code_tightly(split):
    for index in range(8):
        ink, (x0, y0, x1, y1) = code_ink(index, split)
        rows, columns = np.nonzero(ink > 0.15)
        # Pixel n covers n to n + 1; the box leaves 1.5 pixels round the outline.
        assert 0 <= columns.min() - x0 < 3.5 and 0 <= x1 - columns.max() - 1 < 3.5
        assert 0 <= rows.min() - y0 < 3.5 and 0 <= y1 - rows.max() - 1 < 3.5


@pytest.mark.parametrize('split', DEVICES)
@pytest.mark.parametrize('size', [SIZE, (240, 320), (480, 480)])
def test_box_inside_and_of_the_size_of_the_photographs(split, size):
    boxes = np.array([box_of(i, split, size) for i in range(40)])
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2] <= size[1]).all() and (boxes[:, 3] <= size[0]).all()
    sides = boxes[:, 2:] - boxes[:, :2]
    fraction = sides.prod(1) / (size[0] * size[1])
    assert fraction.min() > 0.0008 and fraction.max() < 0.0045
    assert 0.001 < np.median(fraction) < 0.003


@pytest.mark.parametrize('split', DEVICES)
def test_code_is_readable(split):
    # Contrast of the strokes against noise that is there with and without the code.
    for index in range(8):
        image, (_, box) = draw(index, split, SIZE)
        blank, _ = draw(index, split, SIZE, draw_code=False)
        x0, y0, x1, y1 = np.round(box).astype(int)
        with_code = image[y0:y1, x0:x1].astype(float).mean(2)
        without = blank[y0:y1, x0:x1].astype(float).mean(2)
        assert np.percentile(with_code - without, 85) > 25


def test_code_line_names_the_class():
    layers = {}
    for label in range(4):
        sheet, *_ = compose(np.random.default_rng(3), label, SIZE, DEVICES['train'])
        layers[label] = sheet.canvas.tobytes()
    assert len(set(layers.values())) == len(CLASSES) == 4


def test_decoys_never_show_a_code_in_parentheses():
    rng = np.random.default_rng(0)
    assert not any('(' in line for line in DECOY_LINES)
    assert all('{number}' in line for line in DECOY_LINES)
    numbers = {decoy_number(rng) for _ in range(20000)}
    assert len(numbers) > 5000 and not numbers & set(CLASSES)


def test_devices_differ():
    boxes = {s: np.array([box_of(i, s) for i in range(60)]) for s in DEVICES}
    centre = {s: (b[:, :2] + b[:, 2:]).mean(0) / 2 for s, b in boxes.items()}
    height = {s: (b[:, 3] - b[:, 1]).mean() for s, b in boxes.items()}
    assert (np.abs(centre['train'] - centre['test']) > 15).all()
    assert height['test'] > height['train'] + 0.5
    images = {s: [draw(i, s)[0] for i in range(10)] for s in DEVICES}
    tint, noise = {}, {}
    for split, pictures in images.items():
        stack = np.stack(pictures).astype(float)
        blue, _, red = stack.mean((0, 1, 2))
        tint[split] = red / blue
        noise[split] = np.abs(np.diff(stack, axis=2)).mean()
    assert tint['train'] > 1.25 * tint['test']
    assert noise['train'] != pytest.approx(noise['test'], rel=0.05)


def test_ranges_of_a_device_are_in_order():
    for device in DEVICES.values():
        for field in fields(DeviceStyle):
            value = getattr(device, field.name)
            if field.name == 'glass':
                continue
            for low, high in value if field.name == 'white_balance' else [value]:
                assert low <= high, field.name


def test_the_wide_device_holds_the_others():
    wide = WIDE_DEVICES['train']
    for field in fields(DeviceStyle):
        widest = getattr(wide, field.name)
        for device in DEVICES.values():
            value = getattr(device, field.name)
            if field.name == 'glass':
                assert set(value) <= set(widest)
                continue
            ranges = zip(np.atleast_2d(value), np.atleast_2d(widest), strict=True)
            for (low, high), (lowest, highest) in ranges:
                assert lowest <= low <= high <= highest, field.name


def test_the_station_turns():
    style = with_turns(TASKS['product-code'], 180).devices['train']
    turns = []
    for index in range(12):
        seeds, label = [7, index], index % 4
        image, without = (
            make_product_code(np.random.SeedSequence(seeds), label, SMALL, style, code)[
                0
            ]
            for code in (True, False)
        )
        _, (_, corners) = make_product_code(
            np.random.SeedSequence(seeds), label, SMALL, style
        )
        assert np.all(corners > 0) and np.all(corners < SMALL[::-1])
        inside = np.zeros(SMALL, np.uint8)
        cv2.fillConvexPoly(inside, np.round(corners).astype(np.int32), 1)
        change = np.abs(image.astype(int) - without).sum(2)
        assert change[inside > 0].mean() > 20 * change[inside == 0].mean()
        right = corners[1] - corners[0]
        turns.append(np.arctan2(right[1], right[0]))
        # The code is as large as the same one that lies upright.
        upright = draw(index)[1][1]
        np.testing.assert_allclose(np.hypot(*right), upright[2] - upright[0], rtol=1e-6)
    assert len(set(np.floor(np.array(turns) / (np.pi / 2)))) == 4


def test_other_cameras_do_not_turn():
    with pytest.raises(InputError, match='the cameras of product-code and'):
        with_turns(TASKS['anomaly'], 10)


def test_a_new_device_is_data():
    still = replace(DEVICES['train'], code_x=(0.5, 0.5), code_y=(0.5, 0.5))
    _, (_, box) = make_product_code(np.random.SeedSequence(0), 0, SMALL, still)
    centre = (box[:2] + box[2:]) / 2
    np.testing.assert_allclose(centre, (160, 120), atol=2.5)
