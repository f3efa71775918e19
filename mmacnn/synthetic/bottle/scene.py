# Copyright (c) mmacnn authors. All rights reserved.
"""The dark box, its floor and metal strip, and the bottle in it.

Images are BGR float32 in levels of 255, before the lens and the sensor. Coordinates
are world pixels: a photograph is about 480 of them high whatever its size.
"""

import cv2
import numpy as np

from .geometry import pixel_grid

GLASSES = {
    'amber': ((26.0, 58.0, 76.0), (12.0, 58.0, 108.0)),
    'brown': ((22.0, 38.0, 58.0), (14.0, 44.0, 88.0)),
    'green': ((24.0, 50.0, 50.0), (24.0, 74.0, 60.0)),
    'blue': ((50.0, 36.0, 22.0), (92.0, 58.0, 34.0)),
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


def bottle_half_width(view, foot, y):
    """Half width of the bottle about ``view.axis_x``: a bowl that narrows to its foot.

    Args:
        view (CylinderView): the camera's view of the print.
        foot (float): lowest point of the bottle, world pixels.
        y (np.ndarray): world pixels.

    Returns:
        np.ndarray: like ``y``; 0 below the foot.
    """
    shoulder = foot - 1.1 * view.radius
    fall = np.clip((y - shoulder) / (foot - shoulder), 0, 1)
    return view.radius * (1.04 - 0.4 * fall**2) * np.sqrt(1 - fall**9)


def _walls(rng, x, y, width, floor):
    """Back of the box with light falling off, and the metal strip."""
    ambient = _colour(rng, (9, 9, 17), 0.35)
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
    colour = _colour(rng, (12, 14, 21), 0.1)
    left = light_x - rng.uniform(10, 40)
    reach = rng.uniform(0.08, 0.2) * width
    fade = np.exp(-np.maximum(x - left, 0) / reach)
    patch = _step(x, left, rng.uniform(3, 9)) * fade + 0.25 * _bump(
        x, left, 0.25 * width
    )
    inside = _step(y, edge, 1.5)
    lamp = rng.uniform(40, 95) * patch * inside
    glow = 0.9 + rng.uniform(0.5, 2) * _bump(x, light_x + 60, 0.3 * width)
    panel = (inside * glow)[..., None] * colour
    return panel + lamp[..., None] * _colour(rng, (0.54, 0.74, 1.0), 0.06)


def _fixed(points, scale):
    """World points to OpenCV's fixed-point pixels with four fraction bits."""
    return np.round(np.float32(points) * scale * 16).astype(np.int32)


def _draw_line(sheet, points, light, thickness, scale):
    thickness = max(1, round(thickness * scale))
    points = [_fixed(points, scale)]
    cv2.polylines(sheet, points, False, int(light), thickness, cv2.LINE_AA, 4)


def _draw_grooves(rng, sheet, scale, feet, vanishing):
    """Lit sides of the floor's grooves, narrower towards the back."""
    for foot in feet:
        near = rng.choice([0.0, rng.uniform(0.08, 0.55)])
        far = near + rng.uniform(0.08, 0.3)
        half = np.array([rng.uniform(2, 9), 0])
        corners = [
            foot + fraction * (vanishing - foot) + side * (1 - fraction) * half
            for fraction, side in ((near, -1), (near, 1), (far, 1), (far, -1))
        ]
        light = rng.uniform(8, 60)
        cv2.fillConvexPoly(sheet, _fixed(corners, scale), light, cv2.LINE_AA, 4)


def _draw_glints(rng, sheet, scale, view, foot):
    """Short arcs of light in the curved foot of the bottle."""
    for _ in range(rng.integers(3, 9)):
        angle = rng.uniform(-1.1, 1.1) + np.array([0, 0.05, 0.1]) * rng.uniform(0.5, 2)
        reach = view.radius * rng.uniform(0.4, 0.8)
        depth = reach * rng.uniform(0.2, 0.6)
        arc = np.stack([np.sin(angle) * reach, np.cos(angle) * depth], 1)
        arc += (view.axis_x, foot - depth - rng.uniform(0, 40))
        _draw_line(sheet, arc, rng.uniform(15, 110), rng.uniform(1, 5), scale)


def _draw_crest(rng, sheet, scale, bumps, edge, slope):
    """Bright wavy line along the floor's edge."""
    crest = [(-5.0, edge)]
    for at in bumps:
        wide, base = rng.uniform(12, 24), edge + slope * at
        high = rng.uniform(4, 12)
        crest += [(at - wide, base), (at - 0.15 * wide, base - high)]
        crest += [(at + 0.2 * wide, base - high), (at + wide, base + 2)]
    _draw_line(sheet, crest, rng.uniform(50, 125), rng.uniform(1.4, 3.0), scale)


def _strokes(rng, size, scale, edge, view, foot):
    """All light with sharp sides: the floor's grooves and edge, the bottle's glints.

    Returns:
        np.ndarray: float32 light of shape ``size``.
    """
    sheet = np.zeros(size, np.uint8)
    width = size[1] / scale
    slope = rng.uniform(-0.03, 0.07)
    bumps = np.cumsum(rng.uniform(70, 135, 12)) - rng.uniform(60, 160)
    at = np.concatenate([bumps, rng.uniform(-0.2, 1.2, 24) * width])
    feet = np.stack([at, edge + slope * at - 2], 1)
    vanishing = np.array([rng.uniform(0.35, 0.75) * width, edge - rng.uniform(85, 130)])
    _draw_grooves(rng, sheet, scale, feet, vanishing)
    _draw_glints(rng, sheet, scale, view, foot)
    light = cv2.GaussianBlur(sheet, (0, 0), 1.8 * scale).astype(np.float32)
    light *= np.clip(0.75 + 0.6 * _smooth_noise(rng, size, 7 * scale), 0, 2.2)
    sheet[:] = 0
    _draw_crest(rng, sheet, scale, bumps, edge, slope)
    uneven = 0.8 + 0.4 * _smooth_noise(rng, (2, size[1]), 50 * scale)[:1]
    return light + np.clip(uneven, 0, 2) * cv2.GaussianBlur(sheet, (0, 0), 0.9 * scale)


def _glass_light(rng, x, y, view, inside, glass):
    """Light inside the bottle: the lit liquid in columns with rather sharp sides."""
    through, _ = GLASSES[glass]
    ax, ay = view.anchor
    left = ax - rng.uniform(60, 150)
    right = ax + rng.choice([rng.uniform(-45, 5), rng.uniform(5, 110)], p=[0.65, 0.35])
    column = _step(x, left, rng.uniform(2, 14)) * (
        1 - _step(x, right, rng.uniform(2, 16))
    )
    for _ in range(rng.integers(2, 7)):
        at, wide = rng.uniform(left, right), rng.uniform(3, 16)
        column = column * (1 + rng.uniform(-0.45, 0.4) * _bump(x, at, wide))
    level = ay + rng.uniform(-10, 70)
    column = column * (1 - 0.85 * _step(y, level, rng.uniform(8, 30)))
    column = column + 0.3 * _bump(x, ax, rng.uniform(60, 120)) * _bump(y, ay, 120)
    light = rng.uniform(0.4, 1.1) * column * inside
    murk = _bump(x, ax, rng.uniform(0.6, 1.0) * view.radius) * inside
    milky = _colour(rng, (17, 24, 28), 0.2) * (rng.uniform(0.8, 1.7) * murk)[..., None]
    return milky + light[..., None] * _colour(rng, through, 0.12)


def _rim(rng, x, y, view, half):
    """Faint line of light along the bottle's silhouette."""
    light = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
    shine = half > 1
    for side in (-1, 1):
        offset = np.abs(x - (view.axis_x + side * (half - 3)))
        fade = _bump(y, rng.uniform(50, 350), rng.uniform(50, 120))
        light += rng.uniform(2, 22) * np.exp(-offset / rng.uniform(2, 5)) * fade * shine
    return light[..., None] * _colour(rng, (0.55, 0.65, 1.0), 0.15)


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
    # Only strokes are sharp: the rest is painted on a coarse grid.
    x, y = pixel_grid(size, scale, _COARSE)
    width = size[1] / scale
    foot = view.anchor[1] + rng.uniform(95, 150)
    floor = max(0.55 * size[0] / scale, foot - rng.uniform(0, 40))
    edge = floor + rng.uniform(60, 110)
    image = _walls(rng, x, y, width, floor)
    half = bottle_half_width(view, foot, y)
    inside = (1 - _step(np.abs(x - view.axis_x), half, 4.0)) * (half > 1)
    inside = inside * (1 - 0.7 * _step(y, foot - 45, 14))
    # Dark glass in front of the wall lets a part of it through.
    image *= (1 - rng.uniform(0.6, 0.9) * inside)[..., None]
    image += _glass_light(rng, x, y, view, inside, glass)
    image += _rim(rng, x, y, view, half)
    light_x = view.anchor[0] + rng.uniform(-70, 60)
    image += _front_panel(rng, x, y, edge, light_x, width)
    image *= (1 + 0.1 * _smooth_noise(rng, image.shape[:2], 10))[..., None]
    cast = np.maximum(1 + 0.7 * _smooth_noise(rng, image.shape[:2], 40), 0.1)
    image += _colour(rng, (4, 4, 9), 0.3) * cast[..., None]
    image = cv2.resize(image.astype(np.float32), size[::-1])
    strokes = _strokes(rng, size, scale, edge, view, foot)
    tint = _colour(rng, (0.78, 0.8, 1.0), 0.08)
    image += cv2.merge([strokes * t for t in tint])
    return image
