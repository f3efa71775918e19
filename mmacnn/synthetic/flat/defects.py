# Copyright (c) mmacnn authors. All rights reserved.
"""Damage: where it covers a sheet, how deep it goes and what colour it leaves.

Each kind is a function ``(rng, sheet) -> Damage`` that draws one piece of damage on a
small canvas of its own; :func:`apply_damage` puts it on the sheet. Lengths are pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np

_FINE = 4  # Canvas pixels per pixel of lines, which can be thinner than one.


@dataclass(frozen=True)
class Damage:
    """One piece of damage on a canvas just large enough.

    Args:
        cover (np.ndarray): float32 of shape (h, w), fraction of each pixel in [0, 1].
        height (np.ndarray): float32 of shape (h, w), added to the sheet's, pixels.
        tint (np.ndarray): float32 of shape (h, w, 3), factor on the sheet's albedo.
    """

    cover: np.ndarray
    height: np.ndarray
    tint: np.ndarray


def _outline(rng, radius, roughness, elongation):
    """Signed distance to a random blob's edge, about; above 0 inside.

    Args:
        radius (float): mean, pixels.
        roughness (float): deviation of the radius, fraction.
        elongation (float): longest over mean radius.

    Returns:
        np.ndarray: float32 of shape (h, w).
    """
    reach = int(np.ceil(radius * elongation * (1 + 3 * roughness))) + 3
    steps = np.arange(-reach, reach + 1, dtype=np.float32)
    dx, dy = (
        steps[None] - rng.uniform(-0.5, 0.5),
        steps[:, None] - rng.uniform(-0.5, 0.5),
    )
    turn = rng.uniform(0, np.pi)
    a = (np.cos(turn) * dx + np.sin(turn) * dy) / elongation
    b = (np.cos(turn) * dy - np.sin(turn) * dx) * elongation
    angle = np.arctan2(b, a)
    edge = np.ones_like(angle)
    for waves in range(1, 12):
        wave = np.cos(waves * angle + rng.uniform(0, 2 * np.pi))
        edge += roughness * rng.normal(0, 1 / waves**0.7) * wave
    return (radius * np.maximum(edge, 0.3) - np.hypot(a, b)).astype(np.float32)


def _grey(tint):
    return cv2.merge([tint.astype(np.float32)] * 3)


def _curve(rng, length, turn):
    """Points (N, 2) of a slightly bent line, from (0, 0)."""
    angle = rng.uniform(0, 2 * np.pi)
    angle = angle + np.linspace(0, turn, 24) + rng.normal(0, 0.04, 24).cumsum()
    steps = np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.cumsum(steps * length / len(steps), 0)


def draw_line(rng, length, width, turn, taper=True):
    """Draw a bent line.

    Args:
        rng (np.random.Generator): source of its course.
        length (float): pixels.
        width (float): at its widest, pixels.
        turn (float): from end to end, radians.
        taper (bool): thin ends.

    Returns:
        np.ndarray: float32 of shape (h, w), fraction of each pixel in [0, 1].
    """
    points = _curve(rng, length, turn)
    margin = int(np.ceil(width)) + 3
    points += margin - points.min(0)
    size = np.ceil(points.max(0)).astype(int)[::-1] + margin
    canvas = np.zeros(size * _FINE, np.uint8)
    fixed = np.round(points * _FINE * 16).astype(int)
    peak = rng.uniform(0.25, 0.75)
    for i in range(len(fixed) - 1):
        at = i / (len(fixed) - 2)
        fraction = min(at / peak, (1 - at) / (1 - peak)) if taper else 1.0
        thick = max(1, round(width * _FINE * (0.35 + 0.65 * fraction)))
        ends = fixed[i].tolist(), fixed[i + 1].tolist()
        cv2.line(canvas, *ends, 255, thick, cv2.LINE_AA, 4)
    cover = cv2.resize(canvas, size[::-1].tolist(), interpolation=cv2.INTER_AREA)
    return cover.astype(np.float32) / 255


def _scratch(rng, sheet):
    """Bright or dark line with a burr; on cloth a row of cut or pulled threads."""
    length = 10 + 45 * rng.beta(1.2, 2.6)
    cover = draw_line(rng, length, rng.uniform(1.2, 2.6), rng.normal(0, 0.35))
    bright = rng.random() < 0.55
    tone = rng.uniform(1.5, 1.9) if bright else rng.uniform(0.35, 0.6)
    uneven = cv2.resize(rng.normal(1, 0.15, (4, 4)), cover.shape[::-1])
    tint = 1 + (tone - 1) * np.clip(uneven, 0.5, 1.3) * cover
    depth = rng.uniform(0.5, 1.2)
    burr = cv2.GaussianBlur(cover, (0, 0), 1.3)
    return Damage(cover, depth * (0.5 * burr - cover), _grey(tint))


def _pit(rng, sheet):
    """Small hole with steep walls, dark inside."""
    radius = rng.uniform(2.0, 4.6)
    inside = _outline(rng, radius, 0.12, rng.uniform(1.0, 1.2))
    cover = np.clip(inside / 1.2 + 0.5, 0, 1)
    depth = radius * rng.uniform(0.35, 0.7)
    floor = np.clip(inside / radius, 0, 1)
    tint = 1 - rng.uniform(0.45, 0.75) * cover * (0.5 + 0.5 * floor)
    rim = np.exp(-0.5 * np.square(inside / 1.2 + 1))
    return Damage(cover, depth * (0.15 * rim - cover), _grey(tint))


def _dent(rng, sheet):
    """Shallow hollow or bump that only light and shadow show."""
    radius = rng.uniform(4.5, 9.0) if rng.random() < 0.8 else rng.uniform(9, 16)
    inside = _outline(rng, radius, 0.05, rng.uniform(1.0, 1.35))
    bowl = np.square(np.clip(inside / radius + 0.15, 0, 1))
    bowl = cv2.GaussianBlur(bowl * (3 - 2 * np.sqrt(bowl)), (0, 0), 1.0)
    side = -1 if rng.random() < 0.8 else 1
    depth = radius * rng.uniform(0.3, 0.5) * (1.5 if sheet.is_cloth else 1.0)
    cover = np.clip(inside / 1.5 + 0.5, 0, 1)
    return Damage(cover, side * depth * bowl, _grey(np.ones_like(cover)))


# What is left of blue, green and red.
_STAINS = ((0.45, 0.6, 0.75), (0.3, 0.55, 0.85), (0.55, 0.55, 0.55), (0.75, 0.6, 0.5))


def _stain(rng, sheet):
    """Spot of oil, rust or dye, its edge often darker than its middle."""
    radius = rng.uniform(4.0, 10.0) if rng.random() < 0.8 else rng.uniform(10, 26)
    inside = _outline(rng, radius, 0.13, rng.uniform(1.0, 1.4))
    softness = rng.uniform(1.0, 4.0)
    cover = np.clip(inside / softness + 0.5, 0, 1)
    ring = np.exp(-0.5 * np.square((inside - 1.5) / rng.uniform(1.0, 2.0)))
    strength = cover * (rng.uniform(0.45, 0.9) + rng.uniform(0, 0.4) * ring)
    uneven = cv2.resize(rng.normal(1, 0.15, (5, 5)), cover.shape[::-1])
    strength = np.clip(strength * np.clip(uneven, 0.6, 1.3), 0, 1)
    loss = 1 - np.array(_STAINS[rng.integers(len(_STAINS))]) * rng.uniform(0.9, 1.1, 3)
    tint = cv2.merge(
        [(1 - fraction * strength).astype(np.float32) for fraction in loss]
    )
    return Damage(cover, np.zeros_like(cover), tint)


DEFECTS = {'scratch': _scratch, 'pit': _pit, 'dent': _dent, 'stain': _stain}


def make_damage(rng, kind, sheet):
    """One piece of damage that suits the sheet; ``kind`` is one of ``DEFECTS``."""
    return DEFECTS[kind](rng, sheet)


def enlarged(damage, factor):
    """The same damage ``factor`` times as long, wide and deep."""
    size = tuple(max(3, round(side * factor)) for side in damage.cover.shape[::-1])

    def stretched(layer):
        return cv2.resize(layer.astype(np.float32), size)

    return Damage(
        stretched(damage.cover),
        np.float32(factor) * stretched(damage.height),
        stretched(damage.tint),
    )


def apply_damage(sheet, damage, corner, contrast=1.0):
    """Damage the sheet in place.

    Args:
        sheet (Sheet): what is damaged.
        damage (Damage): must lie on the sheet as a whole.
        corner (tuple[int, int]): (x, y) of the canvas on the sheet.
        contrast (float): factor on depth and colour.
    """
    x, y = corner
    height, width = damage.cover.shape
    window = slice(y, y + height), slice(x, x + width)
    sheet.height[window] += np.float32(contrast) * damage.height
    tint = 1 + np.float32(contrast) * (damage.tint - 1)
    sheet.albedo[window] *= np.clip(tint, 0.05, 2.2)
