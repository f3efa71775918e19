# Copyright (c) mmacnn authors. All rights reserved.
"""Lines of print as masks, from fonts that come with the dependencies.

Aileron is embedded in Pillow; DejaVu Sans and the sans serif of Computer Modern come
with matplotlib. OpenCV's own fonts are left out: the same call draws other shapes in
OpenCV 4 and 5, so that a seed would no longer say what the data are.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmacnn.utils import InputError

from .hangul import draw_syllable, is_hangul

FONTS = ('aileron', 'cmss10', 'DejaVuSans')
_REFERENCE_SIZE = 256


@dataclass(frozen=True)
class Typeface:
    """How one line is set.

    Args:
        font (str): one of ``FONTS``.
        condensing (float): width of the letters against the font's own.
        tracking (float): extra space between letters, in letter heights.
        weight (float): ink added at every edge, in letter heights.
    """

    font: str = 'aileron'
    condensing: float = 0.9
    tracking: float = -0.02
    weight: float = 0.0


@lru_cache(maxsize=256)
def _load_font(name, size):
    if name == 'aileron':
        return ImageFont.load_default(size)
    import matplotlib

    path = Path(matplotlib.get_data_path()) / 'fonts' / 'ttf' / f'{name}.ttf'
    return ImageFont.truetype(str(path), size)


@lru_cache(maxsize=16)
def _capital_height(name):
    """Height of a capital letter as a fraction of the font's nominal size."""
    _, top, _, bottom = _load_font(name, _REFERENCE_SIZE).getbbox('H')
    return (bottom - top) / _REFERENCE_SIZE


def _set_letters(text, height, face):
    """Draw ``text`` at the font's own width, baseline 0.75 of the way down."""
    font = _load_font(face.font, round(height / _capital_height(face.font)))
    tracking = face.tracking * height / face.condensing
    cell = (1.02 * height / face.condensing, 1.18 * height)
    advances = [
        cell[0] if is_hangul(c) else font.getlength(c) * (0.75 if c == ' ' else 1)
        for c in text
    ]
    starts = np.cumsum([0.0, *(a + tracking for a in advances[:-1])]) + 0.3 * height
    width = int(starts[-1] + advances[-1] + 0.6 * height) + 1
    baseline = 1.5 * height
    image = Image.new('L', (width, round(2 * height)))
    pen = ImageDraw.Draw(image)
    for c, x in zip(text, starts, strict=True):
        if not is_hangul(c):
            pen.text((x, baseline), c, fill=255, font=font, anchor='ls')
    mask = np.array(image)
    thickness = max(1, round(0.1 * height))
    for c, x in zip(text, starts, strict=True):
        if is_hangul(c):
            origin = (x + 0.06 * cell[0], baseline - 0.93 * cell[1])
            size = (0.86 * cell[0], 0.93 * cell[1])
            draw_syllable(mask, c, origin, size, thickness)
    return mask


def render_text(text, height, face):
    """Render one line.

    Args:
        text (str): Latin letters, digits, signs and Hangul syllables.
        height (float): height of a capital letter or digit, pixels.
        face (Typeface): how it is set.

    Returns:
        np.ndarray: uint8 ink mask of shape (round(2 * height), W), the baseline at
        1.5 * height and blank margins of about 0.3 * height at both ends.
    """
    mask = _set_letters(text, height, face)
    width = max(1, round(mask.shape[1] * face.condensing))
    mask = cv2.resize(mask, (width, mask.shape[0]), interpolation=cv2.INTER_AREA)
    spread = face.weight * height
    if spread < 0.2:
        return mask
    # A blur and a lower threshold move the edge by fractions of a pixel, which a
    # dilation cannot. One sigma from an edge the blur stands at 16 %; the gain makes
    # the new edge about two pixels wide and keeps paper at zero.
    soft = cv2.GaussianBlur(mask, (0, 0), spread).astype(np.float32)
    ink = (soft - 41) * max(3.2, 2.1 * spread) + 127
    return np.clip(ink, 0, 255).astype(np.uint8)


def ink_bounds(mask, threshold=64):
    """Smallest box of the ink.

    Args:
        mask (np.ndarray): uint8 of shape (H, W).
        threshold (int): values above it count as ink.

    Returns:
        tuple[int, int, int, int]: (x0, y0, x1, y1), x1 and y1 exclusive.

    Raises:
        InputError: if there is no ink.
    """
    ink = mask > threshold
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not rows.size:
        raise InputError('the mask holds no ink')
    return (
        int(columns[0]),
        int(rows[0]),
        int(columns[-1]) + 1,
        int(rows[-1]) + 1,
    )


def paste(canvas, mask, x, y):
    """Add the ink of ``mask`` to ``canvas`` in place; what reaches over is cut off.

    Args:
        canvas (np.ndarray): uint8 of shape (H, W).
        mask (np.ndarray): uint8 of shape (h, w).
        x, y (int): upper left corner of ``mask`` on ``canvas``, may be negative.
    """
    height, width = mask.shape
    rows = slice(max(y, 0), max(y + height, 0))
    columns = slice(max(x, 0), max(x + width, 0))
    target = canvas[rows, columns]
    source = mask[max(-y, 0) :, max(-x, 0) :]
    source = source[: target.shape[0], : target.shape[1]]
    np.maximum(target, source, out=target)
