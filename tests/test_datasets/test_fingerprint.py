# Copyright (c) mmacnn authors. All rights reserved.
import shutil

import numpy as np
import pytest

from mmacnn.datasets.fingerprint import fingerprint


class Data:
    """Two images with labels in a folder."""

    def __init__(self, folder, labels=(0, 1), boxes=((1, 2, 3, 4),), order=(0, 1)):
        self.items = [
            dict(
                img_path=str(folder / f'{i}.png'),
                gt_label=labels[i],
                gt_bboxes=np.array(boxes, np.float32),
                sample_idx=i,
            )
            for i in order
        ]

    def __len__(self):
        return len(self.items)

    def get_data_info(self, index):
        return self.items[index]


@pytest.fixture
def folder(tmp_path):
    for index in range(2):
        (tmp_path / 'a').mkdir(exist_ok=True)
        (tmp_path / 'a' / f'{index}.png').write_bytes(b'x' * (index + 1))
    return tmp_path / 'a'


def test_what_changes_it(folder):
    original = fingerprint(Data(folder))
    assert len(original) == 16
    assert fingerprint(Data(folder, labels=(1, 1))) != original
    assert fingerprint(Data(folder, boxes=((1, 2, 3, 5),))) != original
    (folder / '1.png').write_bytes(b'longer')
    assert fingerprint(Data(folder)) != original


def test_what_does_not_change_it(folder):
    original = fingerprint(Data(folder))
    assert fingerprint(Data(folder, order=(1, 0))) == original
    shutil.copytree(folder, folder.parent / 'b')
    assert fingerprint(Data(folder.parent / 'b')) == original


def test_without_files(folder):
    assert fingerprint([1, 2]) is None
    (folder / '0.png').unlink()
    assert fingerprint(Data(folder)) is None
