# Copyright (c) mmacnn authors. All rights reserved.
"""Small parts on a sheet: washers, nuts, screws, labels, housings and their caps.

Each part is a function that paints it in place, see ``parts``, and returns the pixels
that it covers, bool of the sheet's shape. Lengths are pixels.
"""

import cv2
import numpy as np

from mmacnn.synthetic.bottle.text import Typeface, ink_bounds, paste, render_text
from mmacnn.synthetic.bottle.wording import decoy_line

from .parts import Finish, bevelled, disc, lay, rounded_box

_PAPER = (0.74, 0.78, 0.8)  # Fraction of blue, green and red light returned.
_BAND_COLOUR = (0.5, 0.8, 0.85)


def steel(rng):
    """Bright metal, sometimes brass."""
    colour = rng.uniform(0.5, 0.72) * rng.uniform(0.97, 1.03, 3)
    if rng.random() < 0.3:
        colour *= (0.62, 0.9, 1.05)
    return Finish(colour, rng.uniform(0.15, 0.4), rng.uniform(0.02, 0.05))


def rubber(rng):
    """Nearly black."""
    return Finish(rng.uniform(0.07, 0.13) * np.ones(3), 0.02, 0.08)


def plastic(rng):
    """Any colour, neither black nor white."""
    colour = rng.uniform(0.14, 0.42) * rng.uniform(0.6, 1.4, 3)
    return Finish(colour, rng.uniform(0.02, 0.1), 0.02)


def hexagon(u, v, radius):
    """Distance to the sides of a hexagon, above 0 inside; ``radius`` to a side."""
    angles = np.float32([0, np.pi / 3, 2 * np.pi / 3])
    return radius - np.max(
        [np.abs(u * np.cos(a) + v * np.sin(a)) for a in angles], axis=0
    )


def ring(rng, sheet, place, radius, hole, finish, hexagonal=False):
    """Paint a washer, or a nut, with a hole of a fraction of its radius."""
    window = place.window(sheet.height.shape, 1.2 * radius)
    u, v = place.grid(window)
    edge = hexagon(u, v, 0.92 * radius) if hexagonal else disc(u, v, radius)
    inside = np.minimum(edge, -disc(u, v, hole * radius))
    rise = (0.35 if hexagonal else 0.12) * radius
    height = bevelled(inside, rise, max(0.15 * radius, 1.5))
    return lay(rng, sheet, window, inside, height, finish)


def screw(rng, sheet, place, radius, finish, cross):
    """Paint a domed head with a slot, or with two."""
    window = place.window(sheet.height.shape, radius)
    u, v = place.grid(window)
    inside = disc(u, v, radius)
    slot = rounded_box(u, v, (0.72 * radius, 0.14 * radius), 0.02 * radius)
    if cross:
        other = rounded_box(u, v, (0.14 * radius, 0.72 * radius), 0.02 * radius)
        slot = np.maximum(slot, other)
    dome = np.sqrt(np.clip(inside / np.float32(radius), 0, 1)) * 0.4 * radius
    cut = np.clip(slot + 0.5, 0, 1)
    mask = lay(rng, sheet, window, inside, dome - 0.15 * radius * cut, finish)
    sheet.albedo[window] *= (1 - 0.7 * cut)[..., None]
    sheet.gloss[window] *= 1 - cut
    return mask


def cap(rng, sheet, place, radius, finish, seat):
    """Paint a round cap with a groove in a black seat of ``seat`` times its radius."""
    window = place.window(sheet.height.shape, seat * radius)
    u, v = place.grid(window)
    inside = disc(u, v, seat * radius)
    lay(rng, sheet, window, inside, bevelled(inside, 1.0, 2), rubber(rng))
    window = place.window(sheet.height.shape, radius)
    u, v = place.grid(window)
    inside = disc(u, v, radius)
    away = inside / np.float32(radius)  # 0 at the edge, 1 in the middle
    groove = np.exp(-0.5 * np.square((away - 0.45) / 0.1))
    height = bevelled(inside, 0.25 * radius, 0.25 * radius) - 0.1 * radius * groove
    mask = lay(rng, sheet, window, inside, height, finish)
    sheet.albedo[window] *= (1 - 0.45 * groove * (away > 0))[..., None]
    return mask


_SPARE = 0.25  # Between seats and to the housing's edge, radii of a cap.
_BAND = 0.9  # Width of the light band, radii of a cap.


def housing_half(radius, seat):
    """Half sides (along, across) of a housing for caps of a radius, pixels."""
    return (2 * seat + 2 * _SPARE + _BAND / 2) * radius, (seat + _SPARE) * radius


def housing(rng, sheet, place, radius, seat):
    """Paint a housing with two caps in seats, and a light band at one end.

    Args:
        rng (np.random.Generator): source of colours and grain.
        sheet (Sheet): with its gloss as an array.
        place (Pose): the housing's middle, the band in front of it.
        radius (float): of a cap, pixels.
        seat (float): the seat's radius against the cap's.

    Returns:
        tuple[np.ndarray, np.ndarray]: the cap at the band and the other, bool of the
        sheet's shape.
    """
    half = housing_half(radius, seat)
    window = place.window(sheet.height.shape, np.hypot(*half))
    u, v = place.grid(window)
    inside = rounded_box(u, v, half, 0.3 * half[1])
    lay(rng, sheet, window, inside, bevelled(inside, 2.5, 2.5), plastic(rng))
    middle = half[0] - (_SPARE + _BAND / 2) * radius
    band = rounded_box(u - middle, v, (_BAND / 2 * radius, 0.8 * half[1]), 1.0)
    lay(rng, sheet, window, band, 0.0, Finish(np.array(_BAND_COLOUR), 0.03, 0.02))
    at = half[0] - (2 * _SPARE + _BAND + seat) * radius
    inlet = cap(rng, sheet, place.moved(at), radius, steel(rng), seat)
    at = _SPARE * radius + seat * radius - half[0]
    outlet = cap(rng, sheet, place.moved(at), radius, steel(rng), seat)
    return inlet, outlet


def _printed(rng, size, lines):
    """Ink of a label, float32 of shape ``size`` in [0, 1]."""
    canvas = np.zeros(size, np.uint8)
    height = 0.42 * size[0] / lines
    for k in range(lines):
        face = Typeface(weight=0.02)
        ink = render_text(decoy_line(rng), max(height, 3), face)
        x0, y0, x1, y1 = ink_bounds(ink)
        ink = ink[y0:y1, x0 : min(x1, x0 + int(0.84 * size[1]))]
        y = (k + 0.5) * size[0] / lines - ink.shape[0] / 2
        paste(canvas, ink, round(0.08 * size[1]), round(y))
    return canvas.astype(np.float32) / 255


def label(rng, sheet, place, half):
    """Paint a printed paper label with half sides ``half`` (u, v)."""
    window = place.window(sheet.height.shape, np.hypot(*half))
    u, v = place.grid(window)
    inside = rounded_box(u, v, half, 0.12 * half[1])
    paper = Finish(np.array(_PAPER) * rng.uniform(0.85, 1.05), 0.03, 0.02)
    mask = lay(rng, sheet, window, inside, 0.4, paper)
    density = 2  # Canvas pixels per pixel: small letters are printed finer.
    size = tuple(int(2 * density * side) for side in half[::-1])
    ink = _printed(rng, size, lines=int(rng.integers(1, 4)))
    ink = cv2.GaussianBlur(ink, (0, 0), 0.42 * density)
    x = density * (u + np.float32(half[0])) - 0.5
    y = density * (v + np.float32(half[1])) - 0.5
    ink = cv2.remap(ink, x, y, cv2.INTER_LINEAR)
    sheet.albedo[window] *= (1 - 0.85 * ink)[..., None]
    return mask
