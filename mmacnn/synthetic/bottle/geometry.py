# Copyright (c) mmacnn authors. All rights reserved.
"""Where a point of the flat print lies in the photograph of the round bottle.

The print is flat in millimetre-like units, ``(u, v)`` with the origin at the code's
centre; one unit is one pixel of a 480x640 photograph where the surface faces the
camera. It is rolled round an upright cylinder, seen from a little above or below, and
the camera is tilted. Both directions have a closed form, so that the image is warped
once and boxes are exact.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class CylinderView:
    """A cylinder's print as one camera sees it; lengths in world pixels.

    Args:
        anchor (tuple[float, float]): where the print's origin falls in the photograph.
        radius (float): of the cylinder.
        azimuth (float): angle of the print's origin from the line of sight, radians.
        bow (float): how far a horizontal line of print sinks from the cylinder's
            front to its silhouette.
        roll (float): camera's rotation about the optical axis, radians.
        skew (float): horizontal shift of the print per unit of height.
    """

    anchor: tuple
    radius: float
    azimuth: float = 0.0
    bow: float = 0.0
    roll: float = 0.0
    skew: float = 0.0

    @property
    def axis_x(self):
        """Where the cylinder's axis crosses the row of the anchor, world pixels."""
        return self.anchor[0] - self.radius * np.sin(self.azimuth) * np.cos(self.roll)

    def print_to_image(self, points):
        """Map (N, 2) points (u, v) of the print to world pixels (x, y)."""
        u, v = np.asarray(points, np.float64).T
        angle = self.azimuth + u / self.radius
        x = self.radius * (np.sin(angle) - np.sin(self.azimuth)) + self.skew * v
        y = v + self.bow * (np.cos(self.azimuth) - np.cos(angle))
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return np.stack(
            [
                self.anchor[0] + cos * x - sin * y,
                self.anchor[1] + sin * x + cos * y,
            ],
            axis=1,
        )

    def image_to_print(self, x, y):
        """Map world pixels to the print; behind the silhouette ``u`` is far away.

        Args:
            x (np.ndarray): float32 of any shape.
            y (np.ndarray): float32 of that shape.

        Returns:
            tuple[np.ndarray, np.ndarray]: u and v.
        """
        cos, sin = np.float32(np.cos(self.roll)), np.float32(np.sin(self.roll))
        dx, dy = x - np.float32(self.anchor[0]), y - np.float32(self.anchor[1])
        a, b = cos * dx + sin * dy, cos * dy - sin * dx
        offset = np.float32(self.radius * np.sin(self.azimuth))
        # v depends on u through the bow and u on v through the skew: two rounds of
        # substitution leave less than a hundredth of a pixel at the skews in use.
        v = b
        for _ in range(3):
            sine = (a - np.float32(self.skew) * v + offset) / np.float32(self.radius)
            cosine = np.sqrt(np.clip(1 - sine * sine, 0, 1))
            v = b - np.float32(self.bow) * (np.float32(np.cos(self.azimuth)) - cosine)
        angle = np.arcsin(np.clip(sine, -1, 1))
        u = np.float32(self.radius) * (angle - np.float32(self.azimuth))
        return np.where(np.abs(sine) < 1, u, np.float32(1e4)), v


def pixel_grid(size, scale, step=1):
    """World coordinates of pixel centres.

    Args:
        size (tuple[int, int]): image (height, width).
        scale (float): image pixels per world pixel.
        step (int): take every ``step``-th pixel, at the centre of its block.

    Returns:
        tuple[np.ndarray, np.ndarray]: x of shape (1, W') and y of shape (H', 1).
    """
    height, width = (-(-side // step) for side in size)
    x = ((np.arange(width, dtype=np.float32) + 0.5) * step) / np.float32(scale)
    y = ((np.arange(height, dtype=np.float32) + 0.5) * step) / np.float32(scale)
    return x[None], y[:, None]


def _visible_window(canvas, origin, density, view, size, scale):
    """Rows and columns of the image where the canvas can appear, as slices."""
    height, width = canvas.shape
    side = np.linspace(0, 1, 33)
    zeros, ones = np.zeros_like(side), np.ones_like(side)
    border = np.concatenate(
        [
            np.stack(pair, 1)
            for pair in ((side, zeros), (side, ones), (zeros, side), (ones, side))
        ]
    )
    points = (border * (width, height) - origin) / density
    # Beyond the silhouette the surface turns away: nothing further out is visible.
    limit = np.pi / 2 - 1e-3
    angle = view.azimuth + points[:, 0] / view.radius
    points[:, 0] = (np.clip(angle, -limit, limit) - view.azimuth) * view.radius
    x, y = view.print_to_image(points).T * scale
    rows = slice(max(int(y.min()) - 2, 0), min(int(y.max()) + 3, size[0]))
    columns = slice(max(int(x.min()) - 2, 0), min(int(x.max()) + 3, size[1]))
    return rows, columns


def warp_print(canvas, origin, density, view, size, scale):
    """Photograph the flat print.

    Args:
        canvas (np.ndarray): uint8 ink mask of shape (h, w).
        origin (tuple[float, float]): the print's origin on the canvas, pixels.
        density (float): canvas pixels per unit of print.
        view (CylinderView): the camera's view.
        size (tuple[int, int]): image (height, width).
        scale (float): image pixels per world pixel.

    Returns:
        tuple: float32 ink in [0, 1] and the (rows, columns) slices of the image that
        it covers; there is none elsewhere.
    """
    rows, columns = _visible_window(canvas, origin, density, view, size, scale)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return np.zeros((0, 0), np.float32), (slice(0, 0), slice(0, 0))
    # One averaging over the footprint of an image pixel, then one interpolation.
    canvas = cv2.GaussianBlur(canvas, (0, 0), 0.42 * density / scale)
    x, y = pixel_grid(size, scale)
    x, y = np.broadcast_arrays(x[:, columns], y[rows])
    u, v = view.image_to_print(x, y)
    ink = cv2.remap(
        canvas,
        u * np.float32(density) + np.float32(origin[0] - 0.5),
        v * np.float32(density) + np.float32(origin[1] - 0.5),
        cv2.INTER_LINEAR,
    )
    return ink.astype(np.float32) / 255, (rows, columns)
