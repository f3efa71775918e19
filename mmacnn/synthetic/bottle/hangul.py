# Copyright (c) mmacnn authors. All rights reserved.
"""Hangul drawn from strokes, so that no Korean font is needed.

A syllable's code point says its initial, medial and final letter (Unicode standard,
section 3.12). Each letter is a handful of polylines in a unit square, and the medial's
shape decides how the square is shared.
"""

from functools import lru_cache

import cv2
import numpy as np

FIRST_SYLLABLE, LAST_SYLLABLE = 0xAC00, 0xD7A3

_RING = [
    (0.5 + 0.5 * np.cos(t), 0.5 + 0.5 * np.sin(t))
    for t in np.linspace(0, 2 * np.pi, 17)
]
_CONSONANTS = {
    'ㄱ': [[(0, 0.08), (0.95, 0.08), (0.8, 1)]],
    'ㄴ': [[(0.05, 0), (0.05, 0.92), (1, 0.92)]],
    'ㄷ': [[(1, 0.05), (0.05, 0.05), (0.05, 0.95), (1, 0.95)]],
    'ㄹ': [[(0, 0), (0.95, 0), (0.95, 0.5), (0.05, 0.5), (0.05, 1), (1, 1)]],
    'ㅁ': [[(0.05, 0.05), (0.95, 0.05), (0.95, 0.95), (0.05, 0.95), (0.05, 0.05)]],
    'ㅂ': [[(0.05, 0), (0.05, 1), (0.95, 1), (0.95, 0)], [(0.05, 0.5), (0.95, 0.5)]],
    'ㅅ': [[(0.5, 0), (0.45, 0.4), (0, 1)], [(0.48, 0.4), (1, 1)]],
    'ㅇ': [_RING],
    'ㅈ': [[(0.05, 0.05), (0.95, 0.05), (0.5, 0.5), (0, 1)], [(0.5, 0.5), (1, 1)]],
    'ㅊ': [
        [(0.35, 0), (0.65, 0)],
        [(0.05, 0.25), (0.95, 0.25), (0.5, 0.6), (0, 1)],
        [(0.5, 0.6), (1, 1)],
    ],
    'ㅋ': [[(0, 0.05), (0.95, 0.05), (0.8, 1)], [(0.05, 0.5), (0.88, 0.5)]],
    'ㅌ': [
        [(1, 0.05), (0.05, 0.05), (0.05, 0.95), (1, 0.95)],
        [(0.05, 0.5), (0.95, 0.5)],
    ],
    'ㅍ': [
        [(0, 0.05), (1, 0.05)],
        [(0.3, 0.05), (0.3, 0.95)],
        [(0.7, 0.05), (0.7, 0.95)],
        [(0, 0.95), (1, 0.95)],
    ],
    'ㅎ': [
        [(0.35, 0), (0.65, 0)],
        [(0, 0.22), (1, 0.22)],
        [(0.5 + 0.8 * (x - 0.5), 0.4 + 0.6 * y) for x, y in _RING],
    ],
}
_INITIALS = (
    'ㄱ', 'ㄱㄱ', 'ㄴ', 'ㄷ', 'ㄷㄷ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅂㅂ', 'ㅅ', 'ㅅㅅ', 'ㅇ',
    'ㅈ', 'ㅈㅈ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
)  # fmt: skip
_FINALS = (
    '', 'ㄱ', 'ㄱㄱ', 'ㄱㅅ', 'ㄴ', 'ㄴㅈ', 'ㄴㅎ', 'ㄷ', 'ㄹ', 'ㄹㄱ', 'ㄹㅁ', 'ㄹㅂ',
    'ㄹㅅ', 'ㄹㅌ', 'ㄹㅍ', 'ㄹㅎ', 'ㅁ', 'ㅂ', 'ㅂㅅ', 'ㅅ', 'ㅅㅅ', 'ㅇ', 'ㅈ', 'ㅊ',
    'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
)  # fmt: skip
# A medial is (ticks of its horizontal bar, ticks of its upright bars). Horizontal: 'u'
# and 'd' are ticks above and below; upright: 'l' and 'r' are ticks to the sides of the
# first bar and '|' a second bar. None means that there is no such bar.
_MEDIALS = [
    (None, 'r'), (None, 'r|'), (None, 'rr'), (None, 'rr|'), (None, 'l'), (None, 'l|'),
    (None, 'll'), (None, 'll|'), ('u', None), ('u', 'r'), ('u', 'r|'), ('u', ''),
    ('uu', None), ('d', None), ('d', 'l'), ('d', 'l|'), ('d', ''), ('dd', None),
    ('', None), ('', ''), (None, ''),
]  # fmt: skip


def is_hangul(character):
    """Whether ``character`` is a precomposed Hangul syllable."""
    return FIRST_SYLLABLE <= ord(character) <= LAST_SYLLABLE


def _fit(strokes, box):
    x0, y0, x1, y1 = box
    return [[(x0 + x * (x1 - x0), y0 + y * (y1 - y0)) for x, y in s] for s in strokes]


def _consonant_strokes(letters, box):
    x0, y0, x1, y1 = box
    width = (x1 - x0) / len(letters)
    inset = 0.08 * width if len(letters) > 1 else 0
    strokes = []
    for i, letter in enumerate(letters):
        part = (x0 + i * width + inset, y0, x0 + (i + 1) * width - inset, y1)
        strokes += _fit(_CONSONANTS[letter], part)
    return strokes


def _horizontal_strokes(ticks, box):
    bar = 0.85 if 'u' in ticks else 0.15 if 'd' in ticks else 0.5
    strokes = [[(0, bar), (1, bar)]]
    places = {1: (0.5,), 2: (0.32, 0.68)}.get(len(ticks), ())
    strokes += [[(x, bar), (x, 0.0 if 'u' in ticks else 1.0)] for x in places]
    return _fit(strokes, box)


def _upright_strokes(ticks, box):
    double = '|' in ticks
    sides = ticks.replace('|', '')
    bar = 0.4 if double else (0.35 if 'r' in sides else 0.65)
    strokes = [[(bar, 0), (bar, 1)]]
    if double:
        strokes.append([(0.95, 0), (0.95, 1)])
    end = (0.95 if double else 1.0) if 'r' in sides else 0.0
    places = {1: (0.45,), 2: (0.33, 0.58)}.get(len(sides), ())
    strokes += [[(bar, y), (end, y)] for y in places]
    return _fit(strokes, box)


@lru_cache(maxsize=2048)
def syllable_strokes(syllable):
    """Strokes of one syllable as polylines of (x, y) in the unit square, y down.

    Args:
        syllable (str): one precomposed Hangul syllable.

    Returns:
        tuple[np.ndarray]: polylines of shape (points, 2), values in [0, 1].
    """
    index = ord(syllable) - FIRST_SYLLABLE
    initial = _INITIALS[index // 588]
    horizontal, upright = _MEDIALS[index % 588 // 28]
    final = _FINALS[index % 28]
    low = 0.56 if final else 0.97
    # The initial's box: left of an upright medial, above a horizontal one.
    left, right = (0.06, 0.52) if upright is not None else (0.18, 0.82)
    if horizontal is not None:
        top, foot = 0.04, 0.32 if final else 0.48
    else:
        top, foot = (0.04, low) if final else (0.16, 0.84)
    strokes = _consonant_strokes(initial, (left, top, right, foot))
    if horizontal is not None:
        end = 0.62 if upright is not None else 1.0
        depth = 0.6 if final else 0.88
        strokes += _horizontal_strokes(horizontal, (0.0, foot + 0.06, end, depth))
    if upright is not None:
        strokes += _upright_strokes(upright, (0.6, 0.0, 0.97, low))
    if final:
        strokes += _consonant_strokes(final, (0.16, 0.7, 0.92, 1.0))
    return tuple(np.array(s, np.float32) for s in strokes)


def draw_syllable(mask, syllable, origin, size, thickness):
    """Draw one syllable into ``mask`` in place.

    Args:
        mask (np.ndarray): uint8 of shape (H, W); ink is 255.
        syllable (str): one precomposed Hangul syllable.
        origin (tuple[float, float]): (x, y) of the cell's upper left corner, pixels.
        size (tuple[float, float]): (width, height) of the cell, pixels.
        thickness (int): stroke width, pixels.
    """
    fraction_bits = 4
    lines = [
        np.round((s * size + origin) * 2**fraction_bits).astype(np.int32)
        for s in syllable_strokes(syllable)
    ]
    cv2.polylines(mask, lines, False, 255, thickness, cv2.LINE_AA, fraction_bits)
