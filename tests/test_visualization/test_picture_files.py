# Copyright (c) mmacnn authors. All rights reserved.
import pytest

from mmacnn.visualization import name_pictures


@pytest.mark.parametrize(
    'paths, expected',
    [
        ([], []),
        (['in/7.png'], ['7.jpg']),
        (['in/1.png', 'in/2.jpeg'], ['1.jpg', '2.jpg']),
        (['in/a/1.png', 'in/b/1.png'], ['a/1.jpg', 'b/1.jpg']),
        (['in/1.png', 'in/b/1.png', 'in/2.png'], ['1.jpg', 'b/1.jpg', '2.jpg']),
        (['in/1.png', 'in/1.bmp'], ['1.png.jpg', '1.bmp.jpg']),
        (['in/N.png', 'in/n.bmp'], ['N.png.jpg', 'n.bmp.jpg']),
        (['in/1.png', './in/1.png'], ['1.jpg', '1.jpg']),
    ],
)
def test_no_picture_covers_another(paths, expected):
    assert name_pictures(paths) == dict(zip(paths, expected, strict=True))
