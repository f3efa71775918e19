# Copyright (c) mmacnn authors. All rights reserved.
"""What a faultless surface shows and a careless eye takes for damage.

Functions change a sheet in place. Lengths are pixels.
"""

import cv2
import numpy as np

from .defects import Damage, apply_damage, draw_line


def _line(size, point, angle, width):
    """A straight line through the whole picture, float32 in [0, 1]."""
    canvas = np.zeros(size, np.uint8)
    reach = np.array([np.cos(angle), np.sin(angle)]) * 2 * max(size)
    ends = [
        np.round((point + side * reach) * 16).astype(int).tolist() for side in (-1, 1)
    ]
    cv2.line(canvas, *ends, 255, max(1, round(width)), cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255


def _seam(rng, sheet):
    """A joint of two plates, or a row of stitches, from border to border."""
    size = sheet.height.shape
    point = rng.uniform(0.15, 0.85, 2) * size[::-1]
    angle = sheet.grain + rng.choice([0, np.pi / 2])
    groove = _line(size, point, angle, rng.uniform(2, 4))
    groove = cv2.GaussianBlur(groove, (0, 0), 1.0)
    sheet.height -= np.float32(rng.uniform(0.8, 1.6)) * groove
    sheet.albedo *= (1 - np.float32(rng.uniform(0.15, 0.4)) * groove)[..., None]
    if not sheet.is_cloth:
        return
    pitch = rng.uniform(9, 14)
    along = np.array([np.cos(angle), np.sin(angle)])
    beside = np.array([-along[1], along[0]]) * rng.uniform(5, 8)
    canvas = np.zeros(size, np.uint8)
    for k in np.arange(-2 * max(size) / pitch, 2 * max(size) / pitch):
        start = point + beside + k * pitch * along
        ends = [start, start + 0.6 * pitch * along]
        ends = [np.round(end * 16).astype(int).tolist() for end in ends]
        cv2.line(canvas, *ends, 255, 2, cv2.LINE_AA, 4)
    stitches = canvas.astype(np.float32) / 255
    sheet.height += stitches
    tone = np.float32(rng.choice([0.7, 1.35]))
    sheet.albedo *= (1 + (tone - 1) * stitches)[..., None]


def _brushing_marks(rng, sheet):
    """A few single marks of the brush or the loom along the grain, end to end."""
    size = sheet.height.shape
    for _ in range(rng.integers(1, 5)):
        point = rng.uniform(0, 1, 2) * size[::-1]
        mark = _line(size, point, sheet.grain + rng.normal(0, 0.01), 1)
        tone = np.float32(rng.uniform(-0.14, 0.14))
        sheet.albedo *= (1 + tone * mark)[..., None]


def _place(rng, sheet, damage):
    room = np.array(sheet.height.shape[::-1]) - damage.cover.shape[::-1]
    if (room > 0).all():
        apply_damage(sheet, damage, rng.integers(0, room))


def _dust(rng, sheet):
    """Grains under two pixels wide, and lint: thin, faint, curled up."""
    for _ in range(rng.poisson(10)):
        cover = np.zeros((5, 5), np.float32)
        cover[2, 2] = rng.uniform(0.4, 1.0)
        cover = cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.4, 0.7))
        tint = 1 + rng.choice([-0.45, 0.45]) * cover
        _place(rng, sheet, Damage(cover, cover, cv2.merge([tint] * 3)))
    for _ in range(rng.poisson(0.8)):
        turn = rng.choice([-1, 1]) * rng.uniform(2.5, 6)
        cover = draw_line(rng, rng.uniform(14, 32), 0.6, turn, taper=False)
        tint = 1 + np.float32(rng.choice([-0.25, 0.3])) * cover
        _place(rng, sheet, Damage(cover, 0.2 * cover, cv2.merge([tint] * 3)))


def add_clutter(rng, sheet):
    """Add seams, marks and dust in place.

    Args:
        rng (np.random.Generator): source of every choice.
        sheet (Sheet): the piece.
    """
    if rng.random() < 0.25:
        _seam(rng, sheet)
    if rng.random() < 0.5:
        _brushing_marks(rng, sheet)
    if rng.random() < 0.7:
        _dust(rng, sheet)
