# Copyright (c) mmacnn authors. All rights reserved.
"""Light on a flat piece: one lamp from the side and its blurred mirror image."""

import cv2
import numpy as np

from mmacnn.synthetic.bottle.geometry import pixel_grid

_WHITE = 255.0


def light_sheet(rng, sheet, style):
    """Light a sheet.

    Args:
        rng (np.random.Generator): source of every choice.
        sheet (Sheet): the piece.
        style (SurfaceStyle): the station.

    Returns:
        np.ndarray: BGR float32 of shape (H, W, 3), levels of 255.
    """
    size = sheet.height.shape
    azimuth = rng.uniform(*style.azimuth)
    lamp = np.float32([np.cos(azimuth), np.sin(azimuth)])
    slope_x = cv2.Sobel(sheet.height, -1, 1, 0, scale=1 / 8)
    slope_y = cv2.Sobel(sheet.height, -1, 0, 1, scale=1 / 8)
    facing = -(lamp[0] * slope_x + lamp[1] * slope_y)
    shade = np.clip(1 + np.float32(rng.uniform(*style.slant)) * facing, 0.15, 1.9)
    x, y = pixel_grid(size, max(size))
    x, y = (
        x - np.float32(size[1] / max(size) / 2),
        y - np.float32(size[0] / max(size) / 2),
    )
    fall = 1 + np.float32(rng.uniform(*style.falloff)) * (lamp[0] * x + lamp[1] * y)
    image = cv2.multiply(sheet.albedo, cv2.merge([_WHITE * shade * fall] * 3))
    # A slope towards the lamp moves its mirror image: bright edges of dents.
    spot = np.float32(rng.uniform(-0.6, 0.6, 2))
    spread = np.float32(rng.uniform(0.12, 0.35))
    away = np.square(x - spot[0] + 0.3 * slope_x) + np.square(
        y - spot[1] + 0.3 * slope_y
    )
    glare = cv2.exp(-away / (2 * spread * spread))
    glare *= np.float32(_WHITE * 0.7 * sheet.gloss * rng.uniform(*style.glare))
    return image + cv2.merge([glare] * 3)
