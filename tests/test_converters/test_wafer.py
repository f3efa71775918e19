# Copyright (c) mmacnn authors. All rights reserved.
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.converters import convert_wafers
from mmacnn.converters.wafer import MIXED_WM38, to_image
from mmacnn.datasets import AnomalyFolderDataset

TOOL = Path(__file__).parents[2] / 'tools/dataset_converters/wafer_to_folders.py'


@pytest.fixture
def mixed(tmp_path):
    """MixedWM38's format: ten good wafers, a scratch, and a centre with a scratch."""
    maps = np.random.default_rng(0).integers(0, 3, (12, 6, 6))
    codes = np.zeros((12, 8), int)
    codes[10:, MIXED_WM38.index('Scratch')] = 1
    codes[11, MIXED_WM38.index('Center')] = 1
    np.savez(tmp_path / 'mixed.npz', maps, codes)
    return tmp_path / 'mixed.npz', maps


LABELS = """name,label,split,lot
w0,none,Training,a
w1,none,Test,a
w2,none,,b
w3,none,,b
w4,none,,c
w5,Edge-Loc,Training,a
w6,,,c
"""


@pytest.fixture
def labelled(tmp_path):
    """An array for each wafer, of differing sizes, and their labels."""
    rng = np.random.default_rng(0)
    maps = {f'w{n}': rng.integers(0, 3, (5 + n, 8), np.uint8) for n in range(7)}
    np.savez_compressed(tmp_path / 'maps.npz', **maps)
    (tmp_path / 'labels.csv').write_text(LABELS)
    return tmp_path / 'maps.npz', tmp_path / 'labels.csv', maps


def test_drawing():
    values = np.array([[0, 1], [2, 1]])
    assert to_image(values).tolist() == [[0, 128], [255, 128]]
    assert to_image(values + 0.0).dtype == np.uint8
    with pytest.raises(ValueError, match='w7: found a die with the number 3, expected'):
        to_image(np.array([[0, 3]]), where='w7')
    assert to_image(np.array([[0, 3, 2]]), failed=(2, 3)).tolist() == [[0, 255, 255]]
    with pytest.raises(ValueError, match=r'found an array of \(2,\) int64'):
        to_image(np.array([0, 1]))


def test_mixed_wm38_becomes_a_data_set(mixed, tmp_path):
    source, maps = mixed
    out = tmp_path / 'out'
    counts = convert_wafers(str(source), str(out))
    assert counts == {
        'test/Center+Scratch': 1,
        'test/Scratch': 1,
        'test/good': 2,
        'train/good': 8,
    }
    image = cv2.imread(str(out / 'test/Scratch/10.png'), cv2.IMREAD_UNCHANGED)
    assert (image == to_image(maps[10])).all()
    dataset = AnomalyFolderDataset(data_root=str(out), subset='test')
    kinds = [dataset.get_data_info(index)['defect_kind'] for index in range(4)]
    assert kinds == ['good', 'good', 'Center+Scratch', 'Scratch']


def names(folder):
    return {path.stem for path in folder.iterdir()}


def test_labelled_arrays(labelled, tmp_path):
    source, labels, maps = labelled
    out = tmp_path / 'out'
    counts = convert_wafers(str(source), str(out), str(labels), test_fraction=0.5)
    assert counts['without a label'] == 1
    train, test = names(out / 'train/good'), names(out / 'test/good')
    assert train | test == {'w0', 'w1', 'w2', 'w3', 'w4'}
    assert 'w0' in train and 'w1' in test
    # A lot is not divided.
    assert ({'w2', 'w3'} <= train and 'w4' in test) or (
        {'w2', 'w3'} <= test and 'w4' in train
    )
    assert names(out / 'test/Edge-Loc') == {'w5'}
    image = cv2.imread(str(out / 'test/Edge-Loc/w5.png'), cv2.IMREAD_UNCHANGED)
    assert (image == to_image(maps['w5'])).all()


def test_folder_of_arrays(labelled, tmp_path):
    _, labels, maps = labelled
    folder = tmp_path / 'arrays'
    folder.mkdir()
    for name, values in maps.items():
        np.save(folder / name, values)
    counts = convert_wafers(str(folder), str(tmp_path / 'out'), str(labels))
    assert sum(counts.values()) == 7


def test_at_most(mixed, tmp_path):
    counts = convert_wafers(str(mixed[0]), str(tmp_path / 'out'), at_most=3)
    assert counts['train/good'] == 3 and counts['test/good'] == 2


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('name,kind\nw0,none\n', "found no column 'label', expected the header name"),
        ('', "found no column 'name'"),
        ('name,label\nw9,none\n', "line 2: found no map 'w9' in .*maps.npz"),
        ('name,label\nw0,none\nw0,none\n', "line 3: found 'w0' again after line 2"),
        ('name,label\nw0,a/b\n', "line 2: found the label 'a/b', expected a name"),
        ('name,label\nw0,good\n', "line 2: found the label 'good', .* 'none' for a"),
        (
            'name,label,split\nw0,none,val\n',
            "line 2: found split 'val', expected train",
        ),
        ('name,label\nw0,Loc\n', r'labels.csv: found no good wafer \(none\)'),
    ],
)
def test_wrong_labels(labelled, tmp_path, text, message):
    source, labels, _ = labelled
    labels.write_text(text)
    with pytest.raises(ValueError, match=message):
        convert_wafers(str(source), str(tmp_path / 'out'), str(labels))
    assert not (tmp_path / 'out').exists()


def test_wrong_sources(labelled, tmp_path):
    source, labels, _ = labelled
    out = str(tmp_path / 'out')
    with pytest.raises(FileNotFoundError, match='absent.npz: found no such file'):
        convert_wafers(str(tmp_path / 'absent.npz'), out)
    with pytest.raises(ValueError, match='maps.npz: found no arrays arr_0 and arr_1'):
        convert_wafers(str(source), out)
    pickled = tmp_path / 'LSWMD.pkl'
    pickled.write_bytes(b'\x80\x04.')
    with pytest.raises(ValueError, match='LSWMD.pkl: found no .npz file, expected pl'):
        convert_wafers(str(pickled), out, str(labels))
    objects = np.array([{}], object)
    np.savez(tmp_path / 'objects.npz', w0=objects, w1=objects)
    labels.write_text('name,label\nw0,none\nw1,none\n')
    with pytest.raises(ValueError, match='objects.npz, w.: found no plain array'):
        convert_wafers(str(tmp_path / 'objects.npz'), out, str(labels))
    np.savez(tmp_path / 'odd.npz', np.zeros((3, 4, 4)), np.zeros((3, 7)))
    with pytest.raises(ValueError, match=r'arr_1 of \(3, 7\), expected .* \(wafers, 8'):
        convert_wafers(str(tmp_path / 'odd.npz'), out)
    with pytest.raises(FileNotFoundError, match='absent.csv: found no such file'):
        convert_wafers(str(source), out, str(tmp_path / 'absent.csv'))
    with pytest.raises(FileExistsError):
        convert_wafers(str(source), str(tmp_path), str(labels))


def test_tool(mixed, tmp_path):
    command = [
        sys.executable,
        TOOL,
        mixed[0],
        tmp_path / 'out',
        '--test-fraction',
        '0.5',
    ]
    env = {'PYTHONPATH': str(TOOL.parents[2])}
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert 'train/good: 5\n' in done.stdout
