# Copyright (c) mmacnn authors. All rights reserved.
from argparse import ArgumentTypeError

import pytest

from mmacnn.cli import image_size, int_at_least


def test_image_size():
    assert image_size('480x640') == (480, 640)


@pytest.mark.parametrize(
    'text', ['480', '480x', 'x640', '0x640', '480*640', '4x8x6', '480x-640', '']
)
def test_wrong_image_size(text):
    with pytest.raises(ArgumentTypeError, match='expected HEIGHTxWIDTH') as error:
        image_size(text)
    assert f'found {text!r}' in str(error.value)


def test_whole_number():
    assert int_at_least(0)('0') == 0
    assert int_at_least(1)('12') == 12


@pytest.mark.parametrize('text', ['0', '-1', '1.5', 'all', ''])
def test_wrong_whole_number(text):
    with pytest.raises(ArgumentTypeError, match='a whole number of at least 1'):
        int_at_least(1)(text)
