# Copyright (c) mmacnn authors. All rights reserved.
"""What small parts lie on: cloth or metal, or cloth beside metal."""

import numpy as np

from mmacnn.synthetic.bottle.geometry import pixel_grid

from .clutter import add_clutter
from .materials import CLOTHS, Sheet, make_sheet
from .parts import ready_for_parts

_JOINED = 0.6  # Fraction of pictures that show both.
_OFF_CENTRE = 0.12  # Farthest that the joint lies from the middle, fraction of a side.
_STEP = 1.0  # How much higher the cloth lies, pixels.


def _piece(rng, style, size, of_cloth):
    names = [name for name in style.materials if (name in CLOTHS) == of_cloth]
    sheet = make_sheet(rng, names[rng.integers(len(names))], size)
    add_clutter(rng, sheet)
    return ready_for_parts(sheet)


def lay_ground(rng, style, size, of_cloth):
    """A faultless sheet, joined in most pictures along a straight line from two.

    Args:
        rng (np.random.Generator): source of every choice.
        style (SurfaceStyle): the station, with cloth and metal in its materials.
        size (tuple[int, int]): (height, width), pixels.
        of_cloth (bool): what it is made of if it is not joined.

    Returns:
        tuple[Sheet, np.ndarray]: the sheet, its gloss an array, and bool of shape
        ``size``, where it is cloth.
    """
    one = _piece(rng, style, size, of_cloth)
    if rng.random() >= _JOINED:
        return one, np.full(size, of_cloth)
    other = _piece(rng, style, size, not of_cloth)
    x, y = pixel_grid(size, 1)
    angle = rng.uniform(0, 2 * np.pi)
    offset = rng.uniform(-_OFF_CENTRE, _OFF_CENTRE) * min(size)
    side = (x - size[1] / 2) * np.cos(angle) + (y - size[0] / 2) * np.sin(angle)
    fraction = np.clip(side - offset + 0.5, 0, 1).astype(np.float32)
    for sheet in (one, other):
        sheet.height += np.float32(_STEP * sheet.is_cloth)
    joined = Sheet(
        one.height + fraction * (other.height - one.height),
        one.albedo + fraction[..., None] * (other.albedo - one.albedo),
        one.gloss + fraction * (other.gloss - one.gloss),
        one.grain,
        one.is_cloth,
    )
    return joined, (fraction > 0.5) != of_cloth
