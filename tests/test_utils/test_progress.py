# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils import track


def test_a_log_gets_one_line(capsys):
    assert list(track((i * i for i in range(500)), 'Squaring', 500))[-1] == 499**2

    captured = capsys.readouterr()
    assert captured.out == ''
    (line,) = captured.err.splitlines()
    assert line.startswith('Squaring') and '100%' in line


def test_one_item_needs_no_bar(capsys):
    assert list(track([7], 'Squaring')) == [7]
    assert list(track(iter([7]), 'Squaring', 1)) == [7]
    assert capsys.readouterr().err == ''
