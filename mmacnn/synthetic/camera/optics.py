# Copyright (c) mmacnn authors. All rights reserved.
"""What light adds on its way: lamps mirrored in the glass, glow, the lens.

Images are BGR float32 in levels of 255; coordinates are world pixels.
"""

import cv2
import numpy as np

from mmacnn.synthetic.bottle.geometry import pixel_grid

_LAMP = np.float32((200, 232, 255))
_COARSE = 4


def _bar(x, y, wide, tall, tilt):
    """Corners (4, 2) of a bar of light; ``tilt`` is its rise per unit of length."""
    drop = -tilt * wide
    return np.float32(
        [(x, y), (x + wide, y + drop), (x + wide, y + drop + tall), (x, y + tall)]
    )


def _lower_lamps(rng, x, y):
    """Two blobs, a dot between, thin stripes above and below: tubes in thick glass.

    Returns:
        list[tuple]: (corners, brightness, kind) of each; a ``tube`` has round ends, a
        ``bar`` square ones and a ``band`` is a blurred glow.
    """
    wide, tall = rng.uniform(25, 48), rng.uniform(7, 14)
    tilt = rng.uniform(-0.12, 0.03)
    gap = rng.uniform(7, 14)
    second = rng.uniform(0.4, 0.65) * wide
    after = x + wide + gap
    bars = [
        (_bar(x, y, wide, tall, tilt), 1.0, 'tube'),
        (_bar(after, y - tilt * wide, second, 0.9 * tall, tilt), 0.95, 'tube'),
    ]
    if rng.random() < 0.7:
        dot = _bar(x + wide + 0.3 * gap, y + 0.25 * tall, 0.35 * gap, 0.5 * tall, 0)
        bars.append((dot, 0.8, 'tube'))
    for offset, odds in (
        (-rng.uniform(10, 20), 0.75),
        (tall + rng.uniform(6, 14), 0.8),
    ):
        if rng.random() < odds:
            thin, light = rng.uniform(1.0, 3.0), rng.uniform(0.3, 1.0)
            length = rng.uniform(0.7, 1.05) * wide
            at = y + offset
            bars.append(
                (_bar(x + rng.uniform(-2, 6), at, length, thin, tilt), light, 'bar')
            )
            bars.append(
                (_bar(after, at - tilt * wide, second, thin, tilt), light, 'bar')
            )
    return bars


def _upper_lamps(rng, x, y):
    """A long bar with a dimmer band under it, a piece missing, across the print."""
    wide, tall = rng.uniform(45, 90), rng.uniform(5, 11)
    tilt = rng.uniform(-0.05, 0.16)
    bars = [(_bar(x, y, wide, tall, tilt), 1.0, 'bar')]
    band = rng.uniform(0.15, 0.4)
    bars.append(
        (_bar(x, y + tall + 3, wide, rng.uniform(6, 16), 0.5 * tilt), band, 'band')
    )
    if rng.random() < 0.7:
        start = x + wide + rng.uniform(10, 25)
        at = y - tilt * (start - x)
        length = rng.uniform(12, 35)
        bars.append((_bar(start, at, length, 0.9 * tall, tilt), 0.95, 'bar'))
        bars.append((_bar(start, at + tall + 3, length, 8, 0.5 * tilt), band, 'band'))
    return bars


def _stray_lamp(rng, world):
    """A small reflection anywhere, with any tilt."""
    x, y = rng.uniform(0, 1, 2) * world[::-1]
    corners = _bar(x, y, rng.uniform(6, 35), rng.uniform(2, 7), rng.uniform(-0.6, 0.6))
    return [(corners, rng.uniform(0.1, 0.7), str(rng.choice(['tube', 'bar'])))]


def _clear_of(bars, box, margin):
    """Whether no bar comes nearer than ``margin`` to ``box``."""
    return all(
        np.any(corners.max(0) + margin < box[:2])
        or np.any(corners.min(0) - margin > box[2:])
        for corners, _, _ in bars
    )


def _draw_bars(mask, bands, bars, scale):
    """Draw sharp light into ``mask`` and blurred light into ``bands``, in place."""
    for corners, light, kind in bars:
        fixed = np.round(corners * scale * 16).astype(np.int32)
        value = int(255 * light)
        if kind == 'tube':
            tall = corners[3, 1] - corners[0, 1]
            ends = (corners[:2] + corners[:1:-1]) / 2
            ends[:, 0] += np.float32((tall / 2, -tall / 2))
            ends = np.round(ends * scale * 16).astype(np.int32)
            # A thick line has the round ends that the mirrored tubes show.
            thickness = max(1, round(tall * scale))
            cv2.line(mask, *ends.tolist(), value, thickness, cv2.LINE_AA, 4)
        elif kind == 'bar':
            cv2.fillConvexPoly(mask, fixed, value, cv2.LINE_AA, 4)
        else:
            fixed = np.round(corners * scale * 16 / _COARSE).astype(np.int32)
            cv2.fillConvexPoly(bands, fixed, value, cv2.LINE_AA, 4)


def add_lamps(rng, image, box, scale, veil):
    """Add mirrored lamps and their glow in place; the code itself stays free of them.

    Args:
        rng (np.random.Generator): source of every choice.
        image (np.ndarray): BGR float32 of shape (height, width, 3).
        box (np.ndarray): the code's (x0, y0, x1, y1), world pixels.
        scale (float): image pixels per world pixel.
        veil (np.ndarray): BGR float32 (3,), colour of the glow inside the glass.
    """
    size = image.shape[:2]
    x0, y0, x1, y1 = box
    groups = []
    if rng.random() < 0.9:
        x, y = x0 + rng.normal(-5, 30), y1 + rng.uniform(24, 65)
        groups.append(_lower_lamps(rng, x, y))
    if rng.random() < 0.8:
        x, y = x0 + rng.normal(-20, 60), y0 - rng.uniform(45, 140)
        groups.append(_upper_lamps(rng, x, y))
    world = np.array(size) / scale
    groups += [_stray_lamp(rng, world) for _ in range(rng.integers(0, 3))]
    mask = np.zeros(size, np.uint8)
    bands = np.zeros([-(-side // _COARSE) for side in size], np.uint8)
    for bars in groups:
        if _clear_of(bars, box, margin=8):
            _draw_bars(mask, bands, bars, scale)
    left, top, wide, high = cv2.boundingRect(mask)
    if not wide:
        return
    _add_glow(rng, image, mask, bands, veil, scale)
    reach = int(np.ceil(6 * scale))
    rows = slice(max(top - reach, 0), top + high + reach)
    columns = slice(max(left - reach, 0), left + wide + reach)
    core = cv2.GaussianBlur(mask[rows, columns], (0, 0), rng.uniform(0.9, 2.0) * scale)
    core = core.astype(np.float32) * np.float32(rng.uniform(1.3, 2.2) / 255)
    tint = _LAMP * rng.uniform(0.9, 1.0, 3).astype(np.float32)
    image[rows, columns] += cv2.merge([core * t for t in tint])


def _add_glow(rng, image, mask, bands, veil, scale):
    """Add the halo of the lamps and the wide veil of stray light, in place."""
    size = image.shape[:2]
    small = cv2.resize(mask, bands.shape[::-1], interpolation=cv2.INTER_AREA)
    small = small.astype(np.float32) / 255
    near = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.9, 1.8) * scale)
    near = np.float32(rng.uniform(0.3, 0.6)) * near
    near += cv2.GaussianBlur(bands, (0, 0), 0.7 * scale).astype(np.float32) / 255
    far = cv2.GaussianBlur(small, (0, 0), rng.uniform(9, 15) * scale)
    halo = near[..., None] * (_LAMP * (0.75, 0.88, 1.0))
    halo += np.float32(rng.uniform(3, 10)) * far[..., None] * veil
    image += cv2.resize(halo.astype(np.float32), size[::-1])


def add_speckles(rng, image, box, scale):
    """Add a few pin points of red light in place, off the code."""
    x0, y0, x1, y1 = box * scale
    reach = max(1, round(scale))
    for _ in range(rng.integers(0, 4)):
        x, y = (rng.random(2) * image.shape[1::-1]).astype(int)
        colour = np.float32((20, 20, 220)) * np.float32(rng.uniform(0.3, 1.0))
        if not (x0 - 4 < x < x1 + 4 and y0 - 4 < y < y1 + 4):
            image[y : y + reach, x : x + reach] += colour


def _motion_kernel(length, angle):
    """Normalised kernel of a straight motion, pixels and radians."""
    reach = max(1, int(np.ceil(length / 2)))
    steps = np.arange(-reach, reach + 1)
    dx, dy = np.meshgrid(steps, steps)
    along = dx * np.cos(angle) + dy * np.sin(angle)
    across = dy * np.cos(angle) - dx * np.sin(angle)
    kernel = np.clip(1 - np.abs(across), 0, 1)
    kernel *= np.clip(length / 2 + 0.5 - np.abs(along), 0, 1)
    return (kernel / kernel.sum()).astype(np.float32)


def lens(rng, image, blur, motion):
    """Defocus, motion blur and vignette.

    Args:
        rng (np.random.Generator): source of the motion's direction and the vignette.
        image (np.ndarray): BGR float32 of shape (H, W, 3).
        blur (float): sigma of the defocus, pixels.
        motion (float): length of the motion, pixels.

    Returns:
        np.ndarray: BGR float32 of shape (H, W, 3).
    """
    kernel = _motion_kernel(motion, rng.uniform(0, np.pi))
    if blur > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), blur)
    if motion > 0.4:
        image = cv2.filter2D(image, -1, kernel)
    x, y = pixel_grid(image.shape[:2], image.shape[1])
    middle = image.shape[0] / image.shape[1] / 2
    fall = 1 - np.float32(rng.uniform(0.1, 0.6)) * ((x - 0.5) ** 2 + (y - middle) ** 2)
    return cv2.multiply(image, cv2.merge([fall.astype(np.float32)] * 3))
