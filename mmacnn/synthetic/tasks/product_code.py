# Copyright (c) mmacnn authors. All rights reserved.
"""Task ``product-code``: one small code in parentheses on a dark bottle."""

import math
from dataclasses import replace

import cv2
import numpy as np

from mmacnn.synthetic.bottle.geometry import CylinderView
from mmacnn.synthetic.bottle.ink import add_ghost, print_on
from mmacnn.synthetic.bottle.layout import lay_out_print
from mmacnn.synthetic.bottle.scene import GLASSES, paint_scene
from mmacnn.synthetic.bottle.wording import CODES
from mmacnn.synthetic.camera.devices import TEST_DEVICE, TRAIN_DEVICE, WIDE_DEVICE
from mmacnn.synthetic.camera.optics import add_lamps, add_speckles, lens
from mmacnn.synthetic.camera.sensor import develop

CLASSES = CODES
DEVICES = {'train': TRAIN_DEVICE, 'test': TEST_DEVICE}
WIDE_DEVICES = {'train': WIDE_DEVICE, 'test': TEST_DEVICE}

_WORLD_AREA = 480 * 640
_SUPERSAMPLING = 3
_BOX_MARGIN = 1.5
_BORDER = 2


def _draw_view(rng, style, world):
    """Draw a camera's view of the bottle."""
    anchor = (
        rng.uniform(*style.code_x) * world[1],
        rng.uniform(*style.code_y) * world[0],
    )
    radius = rng.uniform(*style.radius)
    return CylinderView(
        anchor=anchor,
        radius=radius,
        azimuth=rng.uniform(*style.azimuth),
        bow=rng.uniform(*style.bow) * radius,
        roll=rng.uniform(*style.roll),
        skew=rng.uniform(*style.skew),
    )


def code_box(sheet, view):
    """Box of the code in the photograph, world pixels, (x0, y0, x1, y1)."""
    points = view.print_to_image(sheet.code_outline)
    return np.concatenate([points.min(0) - _BOX_MARGIN, points.max(0) + _BOX_MARGIN])


def _shift_inside(low, high, world):
    """Shift that takes a box from ``low`` to ``high`` inside the picture's border."""
    inside = np.array(world[::-1]) - _BORDER
    return np.maximum(_BORDER - low, 0) + np.minimum(inside - high, 0)


def _move(view, shift):
    """The view with the print elsewhere; world pixels."""
    return replace(view, anchor=tuple(np.add(view.anchor, shift)))


def _keep_inside(view, sheet, world):
    """Move the view by what the code's box reaches over the picture's border."""
    box = code_box(sheet, view)
    return _move(view, _shift_inside(box[:2], box[2:], world))


def _corners(box):
    """(4, 2) from the upper left on, clockwise."""
    return box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)


def _turn(angle, sheet, view, size, scale):
    """Turn the station by ``angle``, the code staying inside the picture.

    Returns:
        tuple: the view on a square canvas, of which each picture of ``size`` that is
        turned about its middle is a part; the side of the canvas in pixels; and the
        (2, 3) matrix from its pixels to the picture's.
    """
    side = math.ceil(math.hypot(*size))
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    middle = np.array(size[::-1]) / 2
    corners = _corners(code_box(sheet, view))
    centre = corners.mean(0)
    turned = centre + (corners - centre) @ turn.T
    world = (size[0] / scale, size[1] / scale)
    place = centre + _shift_inside(turned.min(0), turned.max(0), world)
    on_canvas = side / 2 / scale + (place - middle / scale) @ turn
    matrix = np.column_stack([turn, middle - turn @ np.full(2, side / 2)])
    return _move(view, on_canvas - centre), side, matrix


def compose(rng, label, size, style, draw_code=True):
    """Choose what is printed and how the camera sees it.

    Args:
        rng (np.random.Generator): source of every choice.
        label (int): index into ``CLASSES``.
        size (tuple[int, int]): image (height, width), pixels.
        style (DeviceStyle): the device that takes it.
        draw_code (bool): leave the code out, everything else unchanged, if False.

    Returns:
        tuple[Print, CylinderView, float, float]: the flat print, the view of it, the
        height of the code's digits in world pixels, and image pixels per world pixel.
    """
    # The world is 480x640 in area whatever the image's size and shape.
    scale = float(np.sqrt(size[0] * size[1] / _WORLD_AREA))
    world = (size[0] / scale, size[1] / scale)
    height = rng.uniform(*style.print_height)
    density = _SUPERSAMPLING * scale
    sheet = lay_out_print(
        rng, CLASSES[label], height, density, draw_code, style.condensing
    )
    view = _keep_inside(_draw_view(rng, style, world), sheet, world)
    return sheet, view, height, scale


def make_product_code(seeds, label, size, style, draw_code=True):
    """One photograph of a bottle with a code.

    Args:
        seeds (np.random.SeedSequence): the photograph's own seed.
        label (int): index into ``CLASSES``.
        size (tuple[int, int]): image (height, width), pixels.
        style (DeviceStyle): the device that takes it.
        draw_code (bool): leave the code out, everything else unchanged, if False.

    Returns:
        tuple: BGR uint8 image of shape (height, width, 3), and (label, box) with the
        code's box as float64 (x0, y0, x1, y1), pixels; of a station that turns its
        corners (4, 2), clockwise from what is the upper left of the upright code.
    """
    # A stream for each layer: a change in one leaves the others' choices as they are.
    streams = map(np.random.default_rng, seeds.spawn(5))
    layout, scene, light, camera, turning = streams
    sheet, view, height, scale = compose(layout, label, size, style, draw_code)
    canvas = size
    if any(style.turn):
        angle = turning.uniform(*style.turn)
        view, side, matrix = _turn(angle, sheet, view, size, scale)
        canvas = (side, side)
    box = code_box(sheet, view)
    glass = style.glass[scene.integers(len(style.glass))]
    image = paint_scene(scene, view, glass, canvas, scale)
    through, inner = map(np.float32, GLASSES[glass])
    if light.random() < 0.85:
        add_ghost(light, image, sheet, view, inner, scale)
    print_on(light, image, sheet, view, style.contrast, scale)
    add_lamps(light, image, box, scale, through)
    add_speckles(light, image, box, scale)
    label_box = box * scale
    if any(style.turn):
        label_box = _corners(label_box) @ matrix[:, :2].T + matrix[:, 2]
        # OpenCV counts from the middle of a pixel, half a pixel inside the edge.
        matrix[:, 2] += matrix[:, :2] @ np.full(2, 0.5) - 0.5
        image = cv2.warpAffine(image, matrix, size[::-1], flags=cv2.INTER_CUBIC)
    pixels = height * scale
    blur, motion = (light.uniform(*r) * pixels for r in (style.blur, style.motion))
    image = lens(light, image, blur, motion)
    return develop(camera, image, style), (label, label_box)
