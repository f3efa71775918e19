# Copyright (c) mmacnn authors. All rights reserved.
"""Parts that lie on a sheet: where they lie, what they are made of, laying them.

Functions change a sheet in place, and its gloss must be an array, see
:func:`ready_for_parts`. Lengths are pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from .materials import unit_noise

_EDGE = 0.5  # Cover from which a pixel belongs to a part.


@dataclass(frozen=True)
class Pose:
    """Where a part lies.

    Args:
        x, y (float): its centre, pixels; 0.5 is the middle of the first pixel.
        turn (float): from the image's x axis to the part's, radians.
    """

    x: float
    y: float
    turn: float = 0.0

    def moved(self, u, v=0.0):
        """A place at (u, v) in this one's coordinates, turned as this one is."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return Pose(self.x + cos * u - sin * v, self.y + sin * u + cos * v, self.turn)

    def window(self, size, reach):
        """Rows and columns within ``reach`` of the centre, slices; of (high, wide)."""
        high, wide = size
        rows = slice(max(int(self.y - reach), 0), min(int(self.y + reach) + 2, high))
        columns = slice(max(int(self.x - reach), 0), min(int(self.x + reach) + 2, wide))
        return rows, columns

    def grid(self, window):
        """The part's coordinates (u, v) of the pixel centres in a window, float32."""
        rows, columns = window
        x = np.arange(columns.start, columns.stop, dtype=np.float32)[None]
        y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
        dx, dy = x + np.float32(0.5 - self.x), y + np.float32(0.5 - self.y)
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        return cos * dx + sin * dy, cos * dy - sin * dx


@dataclass(frozen=True)
class Finish:
    """What a part is made of.

    Args:
        colour (np.ndarray): (3,), BGR, fraction of light returned.
        gloss (float): fraction of a lamp's light that it mirrors.
        grain (float): deviation of its brightness, fraction.
    """

    colour: np.ndarray
    gloss: float
    grain: float


def ready_for_parts(sheet):
    """Give each pixel of a sheet a gloss of its own, in place, and return the sheet."""
    sheet.gloss = np.full(sheet.height.shape, sheet.gloss, np.float32)
    return sheet


def disc(u, v, radius):
    """Distance to a circle, above 0 inside."""
    return np.float32(radius) - cv2.magnitude(u, v)


def rounded_box(u, v, half, corner):
    """Distance to a box with half sides ``half`` (u, v), above 0 inside."""
    a = np.abs(u) - np.float32(half[0] - corner)
    b = np.abs(v) - np.float32(half[1] - corner)
    outside = np.hypot(np.maximum(a, 0), np.maximum(b, 0))
    return np.float32(corner) - outside - np.minimum(np.maximum(a, b), 0)


def lay(rng, sheet, window, inside, height, finish):
    """Lay a piece of a finish on the sheet in place.

    Args:
        rng (np.random.Generator): source of the grain.
        sheet (Sheet): with its gloss as an array.
        window (tuple[slice, slice]): rows and columns of the arrays that follow.
        inside (np.ndarray): distance to the piece's edge, above 0 inside.
        height (np.ndarray | float): above the sheet's mean height there.
        finish (Finish): what it is made of.

    Returns:
        np.ndarray: bool of the sheet's shape, the pixels that it covers.
    """
    cover = np.clip(inside + 0.5, 0, 1).astype(np.float32)
    grain = 1 + np.float32(finish.grain) * unit_noise(rng, cover.shape, 0.8)
    colour = cv2.merge([np.float32(c) * grain for c in finish.colour])
    for layer, value in (
        (sheet.height, sheet.height[window].mean() + height),
        (sheet.gloss, np.float32(finish.gloss)),
    ):
        layer[window] += cover * (value - layer[window])
    sheet.albedo[window] += cover[..., None] * (colour - sheet.albedo[window])
    mask = np.zeros(sheet.height.shape, bool)
    mask[window] = cover > _EDGE
    return mask


def bevelled(inside, rise, width):
    """Height of a flat piece whose edge falls off over ``width`` pixels."""
    return np.float32(rise) * np.clip(inside / np.float32(width), 0, 1)
