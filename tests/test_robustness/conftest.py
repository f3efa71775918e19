# Copyright (c) mmacnn authors. All rights reserved.
import struct
import zlib

import pytest

from ..testing.datasets import Dataset


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack('>I', zlib.crc32(kind + data))
    return struct.pack('>I', len(data)) + kind + data + check


@pytest.fixture(scope='session')
def bomb() -> bytes:
    """A PNG file of a kilobyte that claims 900 million pixels."""
    header = struct.pack('>IIBBBBB', 30000, 30000, 8, 2, 0, 0, 0)
    return (
        b'\x89PNG\r\n\x1a\n'
        + _chunk(b'IHDR', header)
        + _chunk(b'IDAT', zlib.compress(bytes(10**6)))
        + _chunk(b'IEND', b'')
    )


DATASETS = (
    *('yolo', 'coco', 'coco_regions', 'region_folder', 'class_folders', 'anomaly'),
)


@pytest.fixture(params=DATASETS)
def dataset(request, tmp_path) -> Dataset:
    return Dataset(request.param, tmp_path / 'data')


@pytest.fixture(params=['coco', 'coco_regions', 'region_folder'])
def named(request, tmp_path) -> Dataset:
    """A data set whose label file names the images."""
    return Dataset(request.param, tmp_path / 'data')
