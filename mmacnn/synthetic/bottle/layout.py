# Copyright (c) mmacnn authors. All rights reserved.
"""The print of a package on a flat canvas: lines, signs, decoys and the one code."""

from dataclasses import dataclass

import cv2
import numpy as np

from .icons import draw_jar, draw_matrix_code, draw_recycling_triangle
from .text import FONTS, Typeface, ink_bounds, paste, render_text
from .wording import (
    JAR_CAPTIONS,
    MATERIALS,
    ORIGIN_ODDS,
    ORIGINS,
    VOLUMES,
    company,
    decoy_line,
    hangul_words,
)


@dataclass(frozen=True)
class Print:
    """Flat print.

    Args:
        canvas (np.ndarray): uint8 ink mask of shape (H, W).
        origin (tuple[float, float]): the code's centre on the canvas, pixels.
        density (float): canvas pixels per unit of print.
        code_outline (np.ndarray): float64 of shape (N, 2), corners (u, v) of the
            ink of the code and its parentheses, units of print about the origin.
    """

    canvas: np.ndarray
    origin: tuple
    density: float
    code_outline: np.ndarray


class _Canvas:
    """Ink masks placed in units of print; grows to hold what is placed."""

    def __init__(self, density):
        self.density = density
        self.items = []

    def place(self, mask, u, v):
        """Put the upper left corner of ``mask`` at (u, v)."""
        self.items.append((mask, round(u * self.density), round(v * self.density)))

    def flatten(self, bounds):
        """Merge all masks.

        Args:
            bounds (tuple): (u0, v0, u1, v1) beyond which ink is dropped.

        Returns:
            tuple[np.ndarray, tuple[int, int]]: ink mask and where (0, 0) lies on it.
        """
        x0, y0, x1, y1 = (round(b * self.density) for b in bounds)
        x0 = max(x0, min(x for _, x, _ in self.items)) - 4
        y0 = max(y0, min(y for _, _, y in self.items)) - 4
        x1 = min(x1, max(x + m.shape[1] for m, x, _ in self.items)) + 4
        y1 = min(y1, max(y + m.shape[0] for m, _, y in self.items)) + 4
        canvas = np.zeros((y1 - y0, x1 - x0), np.uint8)
        for mask, x, y in self.items:
            paste(canvas, mask, x - x0, y - y0)
        return canvas, (-x0, -y0)


def _typeface(rng, font, condensing=(0.66, 0.9)):
    return Typeface(
        font=font,
        condensing=rng.uniform(*condensing) * (0.92 if font == 'DejaVuSans' else 1.0),
        tracking=rng.uniform(-0.06, 0.03),
        weight=rng.uniform(0.012, 0.045) - (0.012 if font == 'DejaVuSans' else 0.0),
    )


def _other_lines(rng):
    """Texts above the code line, from the nearest to the farthest, with heights.

    Heights are fractions of the code's.
    """
    nearest = [
        (company(rng), rng.uniform(1.1, 1.4)),
        (hangul_words(rng, 2, 3) + ':', rng.uniform(0.85, 1.1)),
        (VOLUMES[rng.integers(len(VOLUMES))], rng.uniform(1.4, 1.9)),
    ]
    if rng.random() < 0.35:
        rng.shuffle(nearest)
    others = [
        (f'[{hangul_words(rng, 3, 4)}]', rng.uniform(1.4, 1.9)),
        (hangul_words(rng, 2, 3), rng.uniform(1.6, 2.2)),
        (hangul_words(rng, 3, 5), rng.uniform(0.9, 1.3)),
    ]
    lines = nearest + [line for line in others if rng.random() < 0.8]
    for _ in range(rng.choice([0, 1, 2], p=[0.45, 0.4, 0.15])):
        place = int(rng.integers(len(lines) + 1))
        lines.insert(place, (decoy_line(rng), rng.uniform(0.85, 1.3)))
    return lines


def _place_code_line(sheet, code, height, face, prefix, draw_code):
    """Place the code about the origin and its prefix before it.

    Returns:
        tuple: outline (N, 2) of the code's ink, the line's left and right end, units.
    """
    pixels = height * sheet.density
    mask = render_text(f'({code})', pixels, face)
    x0, y0, x1, y1 = ink_bounds(mask)
    u0 = -(x0 + x1) / 2 / sheet.density
    v0 = -(y0 + y1) / 2 / sheet.density
    # place() rounds to canvas pixels: read the true position back.
    rows, columns = np.nonzero(mask > 64)
    ink = cv2.convexHull(np.stack([columns, rows], 1).astype(np.int32))[:, 0]
    corners = np.concatenate([ink + d for d in ((0, 0), (0, 1), (1, 0), (1, 1))])
    shift = np.round(np.array([u0, v0]) * sheet.density)
    outline = (corners + shift) / sheet.density
    if draw_code:
        sheet.place(mask, u0, v0)
    words = render_text(prefix, pixels, face)
    start, _, end, _ = ink_bounds(words)
    gap = max(0.12, 0.22 + face.tracking) * height
    u = outline[:, 0].min() - gap - end / sheet.density
    sheet.place(words, u, v0)
    return outline, u + start / sheet.density, outline[:, 0].max()


def _place_other_lines(sheet, rng, height, font, left, right):
    """Place the lines above the code line and sometimes one below it.

    Returns:
        list[tuple[float, float]]: where each line above ends on the right and its
        baseline, (u, v) units.
    """
    centre = (left + right) / 2 + rng.uniform(-0.5, 0.5) * height
    aligned_left = rng.random() < 0.25
    v = -0.5 * height
    ends = []
    for text, fraction in _other_lines(rng):
        size = fraction * height
        mask = render_text(text, size * sheet.density, _typeface(rng, font))
        width = mask.shape[1] / sheet.density
        v -= rng.uniform(0.55, 0.95) * max(size, height)
        u = left - 0.3 * size if aligned_left else centre - width / 2
        sheet.place(mask, u, v - 1.5 * size)
        ends.append((u + width - 0.3 * size, v))
        v -= 1.05 * size
    if rng.random() < 0.2:
        mask = render_text(
            decoy_line(rng), 0.9 * height * sheet.density, Typeface(font)
        )
        below = rng.uniform(0.9, 1.7) * height
        sheet.place(mask, centre - mask.shape[1] / sheet.density / 2, below)
    return ends


def _place_jar(sheet, rng, height, u):
    """Place the jar right behind the code and return its right side."""
    size = rng.uniform(3.2, 3.9) * height
    stroke = max(2, round(rng.uniform(0.08, 0.12) * height * sheet.density))
    caption = JAR_CAPTIONS[rng.integers(len(JAR_CAPTIONS))]
    jar = draw_jar(size * sheet.density, caption, stroke)
    sheet.place(jar, u, -rng.uniform(0.68, 0.78) * size)
    return u + 0.65 * size


def _place_sign_column(sheet, rng, height, u):
    """Place, from the bottom up: names of materials, triangle, matrix code."""
    v = rng.uniform(-0.5, 1.0) * height
    face = _typeface(rng, FONTS[rng.integers(len(FONTS))])
    part, other = rng.choice(MATERIALS, 2)
    texts = [(f'{hangul_words(rng, 1, 1)[0]}:{part}', 1.0), (other, 1.6)]
    for text, fraction in texts:
        if rng.random() < 0.85:
            v -= 1.9 * fraction * height
            sheet.place(
                render_text(text, fraction * height * sheet.density, face), u, v
            )
    if rng.random() < 0.75:
        size = rng.uniform(5.5, 8.0) * height
        v -= size + 0.2 * height
        stroke = max(3, round(0.1 * size * sheet.density))
        caption = hangul_words(rng, 1, 1)
        triangle = draw_recycling_triangle(size * sheet.density, caption, stroke)
        sheet.place(triangle, u, v)
    if rng.random() < 0.5:
        size = rng.uniform(4.5, 6.0) * height
        sheet.place(draw_matrix_code(size * sheet.density, rng), u, v - 1.2 * size)


def lay_out_print(rng, code, height, density, draw_code=True, condensing=(0.66, 0.9)):
    """Compose the print round one code.

    Args:
        rng (np.random.Generator): source of every choice.
        code (str): the code's digits, drawn in parentheses.
        height (float): height of the code's digits, units of print.
        density (float): canvas pixels per unit of print.
        draw_code (bool): leave the code out, everything else unchanged, if False.
        condensing (tuple): width of the code's line against the font's own.

    Returns:
        Print: canvas and the code's place on it.
    """
    sheet = _Canvas(density)
    font = FONTS[rng.choice(len(FONTS), p=[0.55, 0.2, 0.25])]
    face = _typeface(rng, font, condensing)
    prefix = ORIGINS[rng.choice(len(ORIGINS), p=ORIGIN_ODDS)]
    prefix = prefix or hangul_words(rng, 1, 2)
    outline, left, right = _place_code_line(
        sheet, code, height, face, prefix, draw_code
    )
    ends = _place_other_lines(sheet, rng, height, font, left, right)
    # Signs keep clear of the lines beside them, as a designer would have it.
    beside = [u for u, v in ends if v > -2.8 * height]
    u = max(right, *beside) + rng.uniform(0.4, 1.1) * height
    if rng.random() < 0.8:
        u = _place_jar(sheet, rng, height, u)
    u = max(u, *(u for u, _ in ends)) + rng.uniform(0.8, 2.2) * height
    _place_sign_column(sheet, rng, height, u)
    reach = 28 * height
    canvas, origin = sheet.flatten((-reach, -1.2 * reach, reach, 0.4 * reach))
    return Print(canvas, origin, density, outline)
