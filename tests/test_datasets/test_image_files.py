# Copyright (c) mmacnn authors. All rights reserved.
import time

import cv2
import numpy as np
import pytest

from mmacnn.datasets.image_files import IMAGE_SUFFIXES, list_files, read_image_size

IMAGE = np.random.RandomState(0).randint(0, 256, (48, 64, 3), dtype=np.uint8)


def write_image(path, keep=None, more=b''):
    """Write an image file of which only the first ``keep`` bytes are there."""
    content = cv2.imencode(path.suffix, IMAGE)[1].tobytes()
    path.write_bytes(content[:keep] + more)
    return str(path)


@pytest.mark.parametrize('decode', [False, True])
@pytest.mark.parametrize('suffix', IMAGE_SUFFIXES)
def test_size(tmp_path, suffix, decode):
    if suffix == '.pgm':
        path = str(tmp_path / 'a.pgm')
        cv2.imwrite(path, IMAGE[..., 0])
    else:
        path = write_image(tmp_path / f'a{suffix}')
    assert read_image_size(path, decode) == (48, 64)


@pytest.mark.parametrize('suffix', IMAGE_SUFFIXES)
@pytest.mark.parametrize('content', [b'', b'not an image'])
def test_unreadable(tmp_path, suffix, content):
    path = tmp_path / f'a{suffix}'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='found an unreadable or truncated') as info:
        read_image_size(str(path))
    assert str(info.value).startswith(f'{path}: ')
    assert '\n' not in str(info.value)


# 13 bytes are the last mark of a PNG file and a bit more: its pixels are still there,
# which is enough for Pillow, but not for OpenCV.
@pytest.mark.parametrize('lost', [2, 13, 40, 1500])
@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_truncated(tmp_path, suffix, lost):
    path = write_image(tmp_path / f'a{suffix}', keep=-lost)
    with pytest.raises(ValueError, match='unreadable or truncated image'):
        read_image_size(path)


@pytest.mark.parametrize('suffix', ['.bmp', '.tif', '.ppm'])
def test_truncated_file_without_a_mark_is_found_by_decoding(tmp_path, suffix):
    path = write_image(tmp_path / f'a{suffix}', keep=-1500)
    with pytest.raises(ValueError, match='unreadable or truncated image'):
        read_image_size(path, decode=True)


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
@pytest.mark.parametrize('more', [bytes(500), b'notes of the camera' * 9])
def test_notes_behind_the_end_are_no_damage(tmp_path, suffix, more):
    path = write_image(tmp_path / f'a{suffix}', more=more)
    assert read_image_size(path) == (48, 64)


def test_header_is_read_fast(tmp_path):
    """4000 images in less than 3 s, even on a machine that is busy besides."""
    path = str(tmp_path / 'a.png')
    cv2.imwrite(path, np.tile(IMAGE, (10, 10, 1)))
    start = time.perf_counter()
    for _ in range(100):
        read_image_size(path)
    assert (time.perf_counter() - start) / 100 < 3 / 4000


def test_missing_file(tmp_path):
    with pytest.raises(ValueError, match='No such file'):
        read_image_size(str(tmp_path / 'a.png'))


def test_list_files(tmp_path):
    for name in ('b.PNG', 'a.jpg', '._a.jpg', 'Thumbs.db', 'a.txt'):
        (tmp_path / name).touch()
    (tmp_path / 'folder.png').mkdir()
    assert list_files(str(tmp_path), IMAGE_SUFFIXES) == ['a.jpg', 'b.PNG']
