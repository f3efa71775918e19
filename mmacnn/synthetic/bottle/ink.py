# Copyright (c) mmacnn authors. All rights reserved.
"""The flat print laid on the bottle, and its ghost in the far wall of the glass.

Images are BGR float32 in levels of 255; coordinates are world pixels.
"""

import cv2
import numpy as np

from .geometry import CylinderView, warp_print

_INK = np.float32((132, 142, 180))
_LEAST_CONTRAST = np.float32(75)


def add_ghost(rng, image, sheet, view, colour, scale):
    """Add the print a second time, reflected inside the bottle, in place.

    Args:
        rng (np.random.Generator): source of every choice.
        image (np.ndarray): BGR float32 of shape (height, width, 3).
        sheet (Print): the flat print.
        view (CylinderView): the camera's view of it.
        colour (np.ndarray): BGR float32 (3,) of the reflected light.
        scale (float): image pixels per world pixel.
    """
    shrink = rng.uniform(0.5, 0.75)
    mirror = CylinderView(
        anchor=(
            view.anchor[0] + rng.uniform(-60, 0),
            view.anchor[1] + rng.uniform(28, 55),
        ),
        radius=view.radius * rng.uniform(0.5, 0.8),
        azimuth=view.azimuth * 0.6,
        bow=view.bow * rng.uniform(-0.5, 0.5),
        roll=view.roll,
        skew=view.skew,
    )
    strength = np.float32(rng.uniform(0.1, 0.5))
    blur = rng.uniform(0.8, 1.5) * scale
    ghost, window = warp_print(
        sheet.canvas,
        sheet.origin,
        sheet.density / shrink,
        mirror,
        image.shape[:2],
        scale,
    )
    if ghost.size:
        ghost = cv2.GaussianBlur(ghost, (0, 0), blur) * strength
        image[window] += cv2.merge([ghost * c for c in colour])


def print_on(rng, image, sheet, view, contrast, scale):
    """Lay the ink on the glass, brighter where light comes through it, in place.

    Args:
        rng (np.random.Generator): source of every choice.
        image (np.ndarray): BGR float32 of shape (height, width, 3).
        sheet (Print): the flat print.
        view (CylinderView): the camera's view of it.
        contrast (tuple[float, float]): range of the ink's brightness.
        scale (float): image pixels per world pixel.
    """
    colour = _INK * (rng.uniform(0.94, 1.06, 3) * rng.uniform(*contrast))
    colour = colour.astype(np.float32)
    through = np.float32(rng.uniform(0.15, 0.5))
    ink, window = warp_print(
        sheet.canvas, sheet.origin, sheet.density, view, image.shape[:2], scale
    )
    if not ink.size:
        return
    under = image[window]
    lit = cv2.blur(cv2.resize(under, None, fx=0.25, fy=0.25), (9, 9))
    # However bright the liquid behind it, the code stays readable.
    row = int(view.anchor[1] * scale - window[0].start) // 4
    column = int(view.anchor[0] * scale - window[1].start) // 4
    row, column = min(row, lit.shape[0] - 1), min(column, lit.shape[1] - 1)
    needed = _LEAST_CONTRAST + (1 - through) * lit[row, column].mean()
    colour *= max(np.float32(1), needed / colour.mean())
    paint = cv2.resize(lit * through + colour, ink.shape[::-1])
    alpha = cv2.merge([0.94 * ink] * 3)
    image[window] = under + alpha * (paint - under)
