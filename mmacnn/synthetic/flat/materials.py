# Copyright (c) mmacnn authors. All rights reserved.
"""Faultless metal and cloth, as relief and colour before any light falls on them.

Lengths are image pixels, so that a larger image shows more of the same surface.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from mmacnn.synthetic.bottle.geometry import pixel_grid


@dataclass
class Sheet:
    """A flat piece of something.

    Args:
        height (np.ndarray): float32 of shape (H, W), pixels towards the camera.
        albedo (np.ndarray): float32 of shape (H, W, 3), BGR, fraction of light
            returned.
        gloss (float | np.ndarray): fraction of a lamp's light that it mirrors; float32
            of shape (H, W) where things lie on it.
        grain (float): direction of its brushing or threads, radians from the x axis.
        is_cloth (bool): woven or knitted, else metal.
    """

    height: np.ndarray
    albedo: np.ndarray
    gloss: float | np.ndarray
    grain: float
    is_cloth: bool


def unit_noise(rng, size, sigma, across=None):
    """Noise of mean 0 and deviation 1.

    Args:
        rng (np.random.Generator): source.
        size (tuple[int, int]): (height, width).
        sigma (float): correlation along x, pixels.
        across (float | None): along y, if another.

    Returns:
        np.ndarray: float32 of shape ``size``.
    """
    noise = rng.standard_normal(size, dtype=np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), sigma, sigmaY=across or sigma)
    return (noise - noise.mean()) / max(noise.std(), 1e-6)


def cloudy(rng, size, cell):
    """Smooth float32 noise of shape ``size``, features of about ``cell`` pixels."""
    coarse = tuple(max(2, round(side / cell) + 1) for side in size)
    grid = rng.standard_normal(coarse, dtype=np.float32)
    return cv2.resize(grid, size[::-1], interpolation=cv2.INTER_CUBIC)


def _streaks(rng, size, angle, length, thickness):
    """Unit noise drawn out along ``angle``."""
    side = int(np.hypot(*size)) + 2
    noise = unit_noise(rng, (side, side), length, thickness)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), -np.degrees(angle), 1)
    matrix[:, 2] += np.array(size[::-1]) / 2 - side / 2
    border = cv2.BORDER_REFLECT
    return cv2.warpAffine(noise, matrix, size[::-1], borderMode=border)


def _metal(rng, size, tone, height, gloss, grain):
    """Paint relief and uneven grey (``tone``, about 1) in the colour of some metal."""
    base = rng.uniform(0.4, 0.62) * rng.uniform(0.98, 1.02, 3)
    if rng.random() < 0.15:  # brass and copper
        base *= (0.78, 0.93, 1.08)
    tone = tone * (1 + 0.05 * cloudy(rng, size, 110))
    albedo = cv2.merge([np.float32(b) * tone.astype(np.float32) for b in base])
    return Sheet(height, albedo, gloss, grain, is_cloth=False)


def _brushed(rng, size):
    grain = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.08)
    fine = _streaks(rng, size, grain, rng.uniform(15, 40), 0.5)
    broad = _streaks(rng, size, grain, 60, rng.uniform(2, 6))
    tone = 1 + rng.uniform(0.04, 0.1) * fine + rng.uniform(0.01, 0.04) * broad
    return _metal(rng, size, tone, 0.06 * fine, rng.uniform(0.3, 0.6), grain)


def _rolled(rng, size):
    grain = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.03)
    bands = _streaks(rng, size, grain, 120, rng.uniform(4, 14))
    skin = unit_noise(rng, size, rng.uniform(0.7, 1.4))
    pickling = cloudy(rng, size, rng.uniform(12, 30))
    tone = 1 + rng.uniform(0.02, 0.07) * bands + 0.03 * skin + 0.02 * pickling
    return _metal(rng, size, tone, 0.07 * skin, rng.uniform(0.1, 0.35), grain)


def _blasted(rng, size):
    skin = unit_noise(rng, size, rng.uniform(0.8, 1.6))
    coarse = unit_noise(rng, size, rng.uniform(2, 4))
    tone = 1 + 0.05 * skin + 0.03 * coarse
    height = rng.uniform(0.15, 0.35) * skin + 0.3 * coarse
    return _metal(rng, size, tone, height, rng.uniform(0.05, 0.2), grain=0.0)


def _turned(rng, size):
    """Face turned on a lathe: arcs about a centre outside of the picture."""
    x, y = pixel_grid(size, 1)
    angle = rng.uniform(0, 2 * np.pi)
    reach = rng.uniform(0.9, 2.0) * max(size)
    radius = np.hypot(
        x - size[1] / 2 - np.float32(reach * np.cos(angle)),
        y - size[0] / 2 - np.float32(reach * np.sin(angle)),
    )
    # The same tool mark all the way round: noise of the radius alone.
    steps = int(radius.max()) * 2 + 4
    profile = unit_noise(rng, (1, steps), rng.uniform(1.2, 2.5), 0.1)[0]
    pitch = rng.uniform(4, 8)
    profile = profile + np.sin(np.arange(steps) * (np.pi / pitch))
    marks = np.interp(radius * 2, np.arange(steps), profile).astype(np.float32)
    tone = 1 + rng.uniform(0.03, 0.07) * marks + 0.02 * unit_noise(rng, size, 0.8)
    grain = angle + np.pi / 2
    return _metal(rng, size, tone, 0.15 * marks, rng.uniform(0.2, 0.5), grain)


def _thread_grid(rng, size, grain, along, across):
    """Coordinates in threads, the cloth a little pulled out of shape."""
    x, y = pixel_grid(size, 1)
    cos, sin = np.float32(np.cos(grain)), np.float32(np.sin(grain))
    pull = rng.uniform(0.5, 2.0)
    u = cos * x + sin * y + pull * cloudy(rng, size, 70)
    v = cos * y - sin * x + pull * cloudy(rng, size, 70)
    return (u + 1000) / np.float32(along), (v + 1000) / np.float32(across)


def _dyed(rng, threads, spread):
    """Brightness of each thread, shape like its index ``threads``; some are thick."""
    shades = rng.normal(1, spread, int(threads.max()) + 2).astype(np.float32)
    slubs = rng.random(len(shades)) < 0.02
    shades[slubs] *= rng.uniform(0.85, 1.15)
    return shades[threads]


def _cloth(rng, size, height, shades, grain):
    """Colour ``shades``: of warp and weft, and where the warp lies on top."""
    warp, weft, up = shades
    base = rng.uniform(0.28, 0.65) * rng.uniform(0.8, 1.15, 3)
    other = base * rng.choice([1.0, rng.uniform(0.7, 1.15)])
    fluff = 1 + 0.04 * unit_noise(rng, size, 0.7) + 0.04 * cloudy(rng, size, 60)
    albedo = np.where(
        up[..., None], warp[..., None] * base, weft[..., None] * other
    ).astype(np.float32)
    albedo *= (fluff * (0.78 + 0.22 * height / height.max()))[..., None]
    relief = np.float32(rng.uniform(0.5, 0.9)) * height
    return Sheet(relief, albedo, rng.uniform(0.0, 0.04), grain, is_cloth=True)


def _woven(rng, size, step, floats):
    """Threads over and under: ``floats`` threads at once, shifted by ``step`` a row."""
    grain = rng.normal(0, 0.12)
    pitch = rng.uniform(4.0, 6.5)
    u, v = _thread_grid(rng, size, grain, pitch, pitch * rng.uniform(0.9, 1.1))
    column, row = u.astype(int), v.astype(int)
    a, b = 2 * (u - column) - 1, 2 * (v - row) - 1
    up = (column + step * row) % (2 * floats) < floats
    height = np.where(
        up, (1 - a * a) * (1 - 0.4 * b * b), (1 - b * b) * (1 - 0.4 * a * a)
    )
    spread = rng.uniform(0.02, 0.06)
    shades = _dyed(rng, column, spread), _dyed(rng, row, spread), up
    return _cloth(rng, size, height.astype(np.float32), shades, grain)


def _plain(rng, size):
    return _woven(rng, size, step=1, floats=1)


def _twill(rng, size):
    return _woven(rng, size, step=int(rng.choice([1, 3])), floats=2)


def _knit(rng, size):
    """Columns of V-shaped loops."""
    grain = rng.normal(0, 0.1)
    wale = rng.uniform(6.0, 9.0)
    u, v = _thread_grid(rng, size, grain, wale, wale * rng.uniform(0.6, 0.8))
    column = u.astype(int)
    a = np.abs(2 * (u - column) - 1)
    v = v + 0.9 * a
    row = v.astype(int)
    loop = np.sin(np.pi * (v - row)) ** 2
    height = (0.3 + 0.7 * loop) * np.clip(1.6 * a * (1.25 - a) * 1.5, 0, 1)
    shades = _dyed(rng, column, 0.03), _dyed(rng, row, 0.03), a > 0.5
    return _cloth(rng, size, height.astype(np.float32), shades, grain)


MATERIALS = {
    'brushed': _brushed,
    'rolled': _rolled,
    'blasted': _blasted,
    'turned': _turned,
    'plain': _plain,
    'twill': _twill,
    'knit': _knit,
}
CLOTHS = ('plain', 'twill', 'knit')


def make_sheet(rng, material, size):
    """A faultless piece.

    Args:
        rng (np.random.Generator): source of every choice.
        material (str): one of ``MATERIALS``.
        size (tuple[int, int]): (height, width), pixels.

    Returns:
        Sheet: the piece.
    """
    return MATERIALS[material](rng, size)
