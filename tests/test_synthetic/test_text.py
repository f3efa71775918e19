# Copyright (c) mmacnn authors. All rights reserved.
import numpy as np
import pytest

from mmacnn.synthetic.bottle.hangul import (
    FIRST_SYLLABLE,
    LAST_SYLLABLE,
    draw_syllable,
    is_hangul,
    syllable_strokes,
)
from mmacnn.synthetic.bottle.text import (
    FONTS,
    Typeface,
    ink_bounds,
    paste,
    render_text,
)


@pytest.mark.parametrize(
    'syllable, count',
    # initial + medial + final: ㄱ 1 ㅏ 2; ㄴ 1 ㅗ 2; ㅂ 2 ㅟ 1+1+1 ㄴㅎ 1+3; ㅇ 1 ㅡ 1
    [('가', 3), ('노', 3), ('뷚', 9), ('으', 2)],
)
def test_number_of_strokes(syllable, count):
    assert len(syllable_strokes(syllable)) == count


def test_every_syllable_stays_in_its_cell():
    # Steps of 29 and 589 pass through every initial, medial and final letter.
    codes = {*range(FIRST_SYLLABLE, LAST_SYLLABLE + 1, 29), FIRST_SYLLABLE + 588}
    for code in codes:
        for stroke in syllable_strokes(chr(code)):
            assert stroke.shape[1] == 2
            assert stroke.min() >= 0 and stroke.max() <= 1.0001, chr(code)


def test_syllables_differ():
    drawn = set()
    for syllable in '가나다고노도간난단괴뇌되':
        mask = np.zeros((44, 44), np.uint8)
        draw_syllable(mask, syllable, (2, 2), (40, 40), 3)
        drawn.add(mask.tobytes())
    assert len(drawn) == 12


def test_hangul_is_told_from_the_rest():
    assert is_hangul('한') and is_hangul('가') and is_hangul('힣')
    assert not is_hangul('A') and not is_hangul('(') and not is_hangul('ㄱ')


@pytest.mark.parametrize('font', FONTS)
@pytest.mark.parametrize('height', [12, 30, 57])
def test_height_and_baseline(font, height):
    _, top, _, bottom = ink_bounds(render_text('HE', height, Typeface(font, weight=0)))
    assert abs(bottom - top - height) <= max(2, 0.05 * height)
    assert abs(bottom - 1.5 * height) <= 2


@pytest.mark.parametrize('font', FONTS)
@pytest.mark.parametrize('weight', [0.0, 0.045])
def test_thin_parentheses_survive(font, weight):
    face = Typeface(font, condensing=0.66, weight=weight)
    whole = ink_bounds(render_text('(1)', 30, face))
    digit = ink_bounds(render_text('1', 30, face))
    assert whole[2] - whole[0] > 1.5 * (digit[2] - digit[0])
    assert whole[3] - whole[1] > 1.1 * (digit[3] - digit[1])


def test_typeface_settings_act():
    def width(**settings):
        x0, _, x1, _ = ink_bounds(render_text('KOREA 한글', 30, Typeface(**settings)))
        return x1 - x0

    assert width(condensing=0.7) < 0.85 * width(condensing=1.0)
    assert width(tracking=0.1) > width(tracking=0.0) + 10
    light = render_text('KOREA', 30, Typeface(weight=0.0))
    bold = render_text('KOREA', 30, Typeface(weight=0.05))
    assert bold.sum() > 1.3 * light.sum()
    assert not bold[0].any() and not bold[:, 0].any()


def test_no_ink_has_no_bounds():
    with pytest.raises(ValueError, match='no ink'):
        ink_bounds(np.zeros((5, 5), np.uint8))


def test_bounds():
    mask = np.zeros((8, 9), np.uint8)
    mask[2:5, 3:8] = 255
    assert ink_bounds(mask) == (3, 2, 8, 5)


@pytest.mark.parametrize(
    'x, y, count', [(1, 1, 6), (-1, 0, 4), (0, -1, 3), (4, 4, 1), (-9, 0, 0), (9, 9, 0)]
)
def test_paste_cuts_off_what_reaches_over(x, y, count):
    canvas = np.zeros((5, 5), np.uint8)
    paste(canvas, np.full((2, 3), 255, np.uint8), x, y)
    assert (canvas > 0).sum() == count
