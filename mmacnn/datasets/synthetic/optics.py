# Copyright (c) mmacnn authors. All rights reserved.
"""What light adds on its way: ghost of the print, lamps in the glass, the lens.

Images are BGR float32 in levels of 255; coordinates are world pixels.
"""

import cv2
import numpy as np

from .geometry import CylinderView, pixel_grid, warp_print

_LAMP_COLOUR = np.float32((225, 238, 255))


def ghost_of_print(rng, sheet, view, size, scale):
    """The print a second time, reflected by the bottle's far wall.

    Args:
        rng (np.random.Generator): source of every choice.
        sheet (Print): the flat print.
        view (CylinderView): the camera's view of it.
        size (tuple[int, int]): image (height, width).
        scale (float): image pixels per world pixel.

    Returns:
        np.ndarray: float32 of shape (height, width), in [0, 1].
    """
    shrink = rng.uniform(0.6, 0.85)
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
    half = (size[0] // 2, size[1] // 2)
    density = sheet.density / shrink
    ghost = warp_print(sheet.canvas, sheet.origin, density, mirror, half, scale / 2)
    ghost = cv2.GaussianBlur(ghost, (0, 0), 0.55 * scale)
    return cv2.resize(ghost, size[::-1], interpolation=cv2.INTER_LINEAR)


def _lamp_mask(rng, size, scale, boxes):
    """Rounded bars of light, slightly tilted; float32 in [0, 1]."""
    mask = np.zeros(size, np.uint8)
    for (x0, y0, x1, y1), tilt in boxes:
        thickness = max(1, round((y1 - y0) * scale))
        y = (y0 + y1) / 2
        rise = tilt * (x1 - x0) / 2
        ends = np.float32([[x0, y - rise], [x1, y + rise]]) * scale * 16
        ends = np.round(ends).astype(np.int32)
        cv2.line(mask, ends[0].tolist(), ends[1].tolist(), 255, thickness,
                 cv2.LINE_AA, 4)  # fmt: skip
    return mask


def _lower_lamp(rng, x, y):
    """Two blobs with thin stripes above and below, as tubes mirror in thick glass."""
    wide = rng.uniform(28, 52)
    tall = rng.uniform(8, 16)
    tilt = rng.uniform(-0.02, 0.08)
    gap = rng.uniform(2, 10)
    second = rng.uniform(0.3, 0.6) * wide
    bars = [
        ((x, y, x + wide, y + tall), tilt),
        ((x + wide + gap, y, x + wide + gap + second, y + 0.9 * tall), tilt),
    ]
    for offset, odds in ((-rng.uniform(14, 24), 0.7), (rng.uniform(22, 32), 0.8)):
        if rng.random() < odds:
            thin = rng.uniform(1.2, 3.0)
            at = y + offset
            bars.append(((x - 2, at, x + wide, at + thin), tilt))
            bars.append(
                ((x + wide + gap, at + 2, x + wide + second, at + 2 + thin), tilt)
            )
    return bars


def _upper_lamp(rng, x, y):
    """A long bar, a piece missing, that lies across the upper lines."""
    wide, tall = rng.uniform(45, 95), rng.uniform(5, 11)
    tilt = rng.uniform(-0.15, 0.05)
    bars = [((x, y, x + wide, y + tall), tilt)]
    if rng.random() < 0.6:
        start = x + wide + rng.uniform(8, 22)
        drop = tilt * wide
        bars.append(
            ((start, y + drop, start + rng.uniform(15, 35), y + drop + tall), tilt)
        )
    return bars


def _clear_of(bars, box, margin):
    """Whether no bar comes nearer than ``margin`` to ``box``."""
    x0, y0, x1, y1 = box
    for (a0, b0, a1, b1), tilt in bars:
        reach = abs(tilt) * (a1 - a0) / 2 + (b1 - b0) / 2 + margin
        if a0 - reach < x1 and a1 + reach > x0 and b0 - reach < y1 and b1 + reach > y0:
            return False
    return True


def lamp_reflections(rng, box, size, scale):
    """Mirrored lamps and the glow around them; the code itself stays free of them.

    Args:
        rng (np.random.Generator): source of every choice.
        box (np.ndarray): the code's (x0, y0, x1, y1), world pixels.
        size (tuple[int, int]): image (height, width).
        scale (float): image pixels per world pixel.

    Returns:
        np.ndarray: BGR float32 light to add, of shape (height, width, 3).
    """
    x0, y0, x1, y1 = box
    groups = []
    if rng.random() < 0.9:
        groups.append(
            _lower_lamp(rng, x0 + rng.normal(-5, 35), y1 + rng.uniform(24, 70))
        )
    if rng.random() < 0.8:
        groups.append(
            _upper_lamp(rng, x0 + rng.normal(-10, 60), y0 - rng.uniform(45, 140))
        )
    for _ in range(rng.integers(0, 3)):
        at = rng.uniform(0, 1, 2) * (size[1] / scale, size[0] / scale)
        wide, tall = rng.uniform(10, 40), rng.uniform(2, 8)
        groups.append(
            [((at[0], at[1], at[0] + wide, at[1] + tall), rng.uniform(-0.6, 0.6))]
        )
    light = np.zeros((*size, 3), np.float32)
    for bars in groups:
        if not _clear_of(bars, box, margin=9):
            continue
        mask = _lamp_mask(rng, size, scale, bars)
        core = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.6, 1.6) * scale)
        small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        halo = cv2.GaussianBlur(small, (0, 0), rng.uniform(1.2, 3.0) * scale)
        halo = cv2.resize(halo, size[::-1], interpolation=cv2.INTER_LINEAR)
        power = rng.uniform(0.8, 1.6)
        tint = _LAMP_COLOUR * rng.uniform(0.85, 1.0, 3).astype(np.float32)
        glow = core.astype(np.float32) * (power / 255) + halo.astype(np.float32) * (
            0.35 / 255
        )
        light += glow[..., None] * tint
    return light


def add_speckles(rng, image, box, scale):
    """Paint a few pin points of coloured light in place, off the code."""
    x0, y0, x1, y1 = box * scale
    for _ in range(rng.integers(0, 4)):
        x, y = (rng.random(2) * image.shape[1::-1]).astype(int)
        if x0 - 4 < x < x1 + 4 and y0 - 4 < y < y1 + 4:
            continue
        colour = np.float32((30, 30, 255)) * rng.uniform(0.4, 1.0)
        cv2.circle(image, (int(x), int(y)), max(1, round(scale)), colour.tolist(), -1)


def lens(rng, image, blur, motion):
    """Defocus, motion blur and vignette.

    Args:
        rng (np.random.Generator): source of the motion's direction.
        image (np.ndarray): BGR float32 of shape (H, W, 3).
        blur (float): sigma of the defocus, pixels.
        motion (float): length of the motion, pixels.

    Returns:
        np.ndarray: BGR float32 of shape (H, W, 3).
    """
    angle = rng.uniform(0, np.pi)
    # A straight motion of length m has the variance m^2 / 12 along its direction.
    along = motion**2 / 12
    if blur > 0.15:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    if along > 0.02:
        reach = max(1, int(np.ceil(motion / 2)))
        steps = np.arange(-reach, reach + 1)
        dx, dy = np.meshgrid(steps, steps)
        t = dx * np.cos(angle) + dy * np.sin(angle)
        n = dy * np.cos(angle) - dx * np.sin(angle)
        kernel = np.clip(1 - np.abs(n), 0, 1) * np.clip(
            motion / 2 + 0.5 - np.abs(t), 0, 1
        )
        image = cv2.filter2D(image, -1, (kernel / kernel.sum()).astype(np.float32))
    x, y = pixel_grid(image.shape[:2], image.shape[1])
    middle = image.shape[0] / image.shape[1] / 2
    fall = 1 - rng.uniform(0.1, 0.6) * ((x - 0.5) ** 2 + (y - middle) ** 2)
    return image * fall[..., None].astype(np.float32)
