# Copyright (c) mmacnn authors. All rights reserved.
"""Wafer maps by nobody's friend: arrays, their names and their sizes."""

import io
import os
import zipfile

import numpy as np
import pytest

from mmacnn.converters.wafer import convert_wafers


def npy_claiming(shape):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, dict(descr='<i8', fortran_order=False, shape=shape)
    )
    return header.getvalue() + bytes(800)


@pytest.mark.parametrize('is_folder', [False, True])
@pytest.mark.parametrize('shape', [(10**6, 10**6), (2**40,), (10**9, 10**9, 10**9)])
def test_wafer_maps_that_claim_all_memory(tmp_path, is_folder, shape):
    (tmp_path / 'labels.csv').write_text('name,label,split\nw,none,train\n')
    source = tmp_path / ('maps' if is_folder else 'maps.npz')
    if is_folder:
        source.mkdir()
        (source / 'w.npy').write_bytes(npy_claiming(shape))
    else:
        with zipfile.ZipFile(source, 'w') as file:
            file.writestr('w.npy', npy_claiming(shape))
    with pytest.raises(ValueError, match='maps.*, w: found no plain array'):
        convert_wafers(str(source), str(tmp_path / 'out'), str(tmp_path / 'labels.csv'))
    assert not (tmp_path / 'out').exists()


class Command:
    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_wafer_maps_with_a_command(tmp_path):
    array = np.array([Command(tmp_path / 'it-ran')], object)
    np.savez(tmp_path / 'maps.npz', w=array)
    (tmp_path / 'labels.csv').write_text('name,label,split\nw,none,train\n')
    with pytest.raises(ValueError, match='maps.npz, w: found no plain array'):
        convert_wafers(
            str(tmp_path / 'maps.npz'),
            str(tmp_path / 'out'),
            str(tmp_path / 'labels.csv'),
        )
    assert not (tmp_path / 'it-ran').exists()


@pytest.mark.parametrize('name', ['../w', '/w', '..', '.w', 'a/b', 'w\n', ''])
def test_wafers_are_not_written_outside(tmp_path, name):
    np.savez(
        tmp_path / 'maps.npz', **{name: np.ones((3, 3), int), 'v': np.ones((3, 3))}
    )
    for row in (f'"{name}",none', f'v,"{name}"'):
        (tmp_path / 'labels.csv').write_text(f'name,label\n{row}\n')
        with pytest.raises(ValueError, match='found'):
            convert_wafers(
                str(tmp_path / 'maps.npz'),
                str(tmp_path / 'out'),
                str(tmp_path / 'labels.csv'),
            )
