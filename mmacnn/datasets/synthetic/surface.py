# Copyright (c) mmacnn authors. All rights reserved.
"""The dark box, its floor and metal strip, and the bottle in it.

Images are BGR float32 in levels of 255, before the lens and the sensor. Coordinates
are world pixels: a photograph is about 480 of them high whatever its size.
"""

import cv2
import numpy as np

from .geometry import pixel_grid

GLASSES = {
    'amber': ((4.0, 34.0, 44.0), (10.0, 62.0, 120.0)),
    'brown': ((8.0, 20.0, 32.0), (14.0, 44.0, 88.0)),
    'green': ((10.0, 36.0, 22.0), (24.0, 74.0, 60.0)),
    'blue': ((40.0, 26.0, 14.0), (92.0, 58.0, 34.0)),
}
"""Light through a bottle and light reflected inside it, BGR levels, by its glass."""

_COARSE = 4


def _bump(x, centre, width):
    """Gaussian of height 1; ``width`` is its sigma."""
    return np.exp(-0.5 * np.square((x - np.float32(centre)) / np.float32(width)))


def _step(x, edge, softness):
    """From 0 to 1 about ``edge`` over about 4 * ``softness``."""
    return 1 / (1 + np.exp(-np.clip((x - edge) / np.float32(softness), -30, 30)))


def _smooth_noise(rng, shape, cell):
    """Noise of unit amplitude with features of about ``cell`` pixels."""
    coarse = tuple(max(2, round(side / cell)) for side in shape)
    grid = rng.standard_normal(coarse, dtype=np.float32)
    return cv2.resize(grid, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _colour(rng, base, spread=0.15):
    """``base`` BGR with each channel varied by up to ``spread``."""
    return np.float32(base) * rng.uniform(1 - spread, 1 + spread, 3).astype(np.float32)


def bottle_profile(view, foot, y):
    """Left and right edge of the bottle at heights ``y``; NaN under its foot.

    Args:
        view (CylinderView): the camera's view of the print.
        foot (float): lowest point of the bottle, world pixels.
        y (np.ndarray): world pixels.

    Returns:
        np.ndarray: half width of the bottle about ``view.axis_x``, 0 below the foot.
    """
    shoulder = foot - 0.62 * view.radius
    fall = np.clip((y - shoulder) / (foot - shoulder), 0, 1)
    return view.radius * np.sqrt(1 - fall**2.6)


def _walls(rng, x, y, width, floor):
    """Back of the box with light falling off, and the metal strip."""
    ambient = _colour(rng, (12, 11, 22), 0.3)
    light = 0.7 + 0.6 * _bump(x, rng.uniform(0.2, 0.9) * width, 0.4 * width)
    wall = ambient * (light * np.ones_like(y))[..., None]
    if rng.random() < 0.8:
        left = rng.uniform(0.86, 1.02) * width
        strip = _step(x, left, 1.5) * rng.uniform(28, 60)
        for _ in range(rng.integers(2, 5)):
            at = left + rng.uniform(-0.04, 0.09) * width
            strip = strip + rng.uniform(20, 75) * _bump(x, at, rng.uniform(1.0, 3.0))
        fade = (1 - _step(y, floor, 3)) * (0.5 + 0.5 * y / max(floor, 1))
        wall += (strip * fade)[..., None] * _colour(rng, (0.82, 0.78, 1.0), 0.08)
        shine = strip * _step(y, floor, 3) * np.exp(-np.maximum(y - floor, 0) / 40)
        wall += (0.35 * shine)[..., None] * np.float32((0.8, 0.8, 1.0))
    return wall


def _front_panel(rng, x, y, edge, light_x, width):
    """The plate below the floor's edge with its patch of lamp light."""
    colour = _colour(rng, (26, 30, 48), 0.2)
    patch = _bump(x, light_x, rng.uniform(0.07, 0.13) * width)
    patch = patch + 0.35 * _bump(x, light_x, 0.3 * width)
    inside = _step(y, edge, 1.0) * (0.75 + 0.25 * np.cos((y - edge) / 60))
    lamp = rng.uniform(45, 85) * patch * inside
    panel = (0.5 * inside)[..., None] * colour
    return panel + lamp[..., None] * _colour(rng, (0.58, 0.78, 1.0), 0.06)


def _draw_floor(rng, size, scale, edge, width):
    """Grooves of the floor and its bright wavy edge, drawn once at full size.

    Returns:
        np.ndarray: float32 light of shape ``size``.
    """
    sheet = np.zeros(size, np.uint8)
    slope = rng.uniform(-0.03, 0.06)
    pitch = rng.uniform(60, 95)
    phase = rng.uniform(0, pitch)
    tall = rng.uniform(6, 14)
    vanishing = (rng.uniform(0.3, 0.7) * width, edge - rng.uniform(150, 230))

    def line(points, light, thickness):
        points = np.round(np.float32(points) * scale * 16).astype(np.int32)
        thickness = max(1, round(thickness * scale))
        cv2.polylines(sheet, [points], False, light, thickness, cv2.LINE_AA, 4)

    for at in np.arange(phase - pitch, width + pitch, pitch / 2):
        foot = np.array([at, edge + slope * at])
        for _ in range(rng.integers(2, 5)):
            reach = np.sort(rng.uniform(0.02, 0.5, 2))
            reach[1] = min(reach[1], reach[0] + rng.uniform(0.04, 0.2))
            shift = rng.normal(0, 5, 2)
            ends = [foot + r * (np.array(vanishing) - foot) + shift for r in reach]
            line(ends, int(rng.integers(12, 65)), rng.uniform(1.5, 7))
    glow = cv2.GaussianBlur(sheet, (0, 0), 1.6 * scale)
    sheet[:] = 0
    crest = [(-5.0, edge)]
    for at in np.arange(phase, width + pitch, pitch):
        high = tall * rng.uniform(0.5, 1.2)
        base = edge + slope * at
        crest += [(at - 14, base), (at, base - high), (at + 14, base + 1)]
    line(crest, int(rng.integers(70, 130)), rng.uniform(1.2, 2.2))
    edge_line = cv2.GaussianBlur(sheet, (0, 0), 0.7 * scale)
    return glow.astype(np.float32) + edge_line.astype(np.float32)


def _glass_light(rng, x, y, view, inside, glass):
    """Light inside the bottle: the lit liquid, its stripes and the rim."""
    through, _ = GLASSES[glass]
    ax, ay = view.anchor
    centre = ax + rng.uniform(-60, 30)
    glow = _bump(x, centre, rng.uniform(55, 110)) * _bump(
        y, ay + rng.uniform(-40, 40), rng.uniform(90, 150)
    )
    stripes = np.ones_like(x)
    for _ in range(rng.integers(2, 6)):
        at, wide = centre + rng.normal(0, 80), rng.uniform(4, 18)
        stripes = stripes + rng.uniform(-0.4, 0.5) * _bump(x, at, wide)
    light = rng.uniform(0.9, 1.7) * glow * np.maximum(stripes, 0)
    murk = _bump(x, view.axis_x, view.radius * 0.8) * np.ones_like(y)
    milky = _colour(rng, (14, 20, 26), 0.2) * (murk * inside)[..., None]
    return milky + (light * inside)[..., None] * _colour(rng, through, 0.15)


def _rim(rng, x, y, view, half):
    """Faint line of light along the bottle's silhouette and its lower curve."""
    light = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    shine = half > 1
    for side in (-1, 1):
        offset = np.abs(x - (view.axis_x + side * (half - 3)))
        fade = _bump(y, rng.uniform(50, 350), rng.uniform(60, 140))
        light += rng.uniform(4, 26) * np.exp(-offset / rng.uniform(2, 5)) * fade * shine
    return light[..., None] * _colour(rng, (0.55, 0.7, 1.0), 0.15)


def paint_scene(rng, view, glass, size, scale):
    """Everything but the print, the lamps and the camera.

    Args:
        rng (np.random.Generator): source of every choice.
        view (CylinderView): the camera's view of the bottle.
        glass (str): one of ``GLASSES``.
        size (tuple[int, int]): image (height, width), pixels.
        scale (float): image pixels per world pixel.

    Returns:
        np.ndarray: BGR float32 of shape (height, width, 3).
    """
    # Nothing here is sharp except the floor: the rest is painted on a coarse grid.
    x, y = pixel_grid(size, scale, _COARSE)
    width = size[1] / scale
    foot = view.anchor[1] + rng.uniform(95, 150)
    floor = max(0.6 * size[0] / scale, foot - rng.uniform(0, 40))
    edge = floor + rng.uniform(60, 110)
    image = _walls(rng, x, y, width, floor)
    half = bottle_profile(view, foot, y)
    inside = (1 - _step(np.abs(x - view.axis_x), half, 2.0)) * (half > 1)
    # Dark glass in front of the wall lets a part of it through.
    image *= (1 - rng.uniform(0.6, 0.9) * inside)[..., None]
    image += _glass_light(rng, x, y, view, inside, glass)
    image += _rim(rng, x, y, view, half)
    light_x = view.anchor[0] + rng.uniform(-30, 60)
    image += _front_panel(rng, x, y, edge, light_x, width)
    image *= (1 + 0.12 * _smooth_noise(rng, image.shape[:2], 12))[..., None]
    image = cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR)
    if edge < size[0] / scale + 60:
        tint = _colour(rng, (0.8, 0.78, 1.0), 0.08)
        image += _draw_floor(rng, size, scale, edge, width)[..., None] * tint
    return image
