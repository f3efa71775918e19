# Copyright (c) mmacnn authors. All rights reserved.
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.synthetic.writer import sample_label, sample_seeds

TASK = TASKS['product-code']
COUNTS = {'train': 5, 'test': 3}
SIZE = (96, 128)


def files_of(root):
    return {
        str(p.relative_to(root)): p.read_bytes() for p in root.rglob('*') if p.is_file()
    }


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp('written') / 'data'
    write_dataset(TASK, root, COUNTS, SIZE, seed=4)
    return root


def test_layout(written):
    names = {
        f'{split}/{kind}/{split}_{i:06d}.{suffix}'
        for split, count in COUNTS.items()
        for i in range(count)
        for kind, suffix in (('images', 'jpg'), ('labels', 'txt'))
    }
    assert set(files_of(written)) == {'classes.txt', *names}
    assert (written / 'classes.txt').read_text() == '1069\n1071\n3707\n3709\n'
    image = cv2.imread(str(written / 'test' / 'images' / 'test_000000.jpg'))
    assert image.shape == (*SIZE, 3)


def test_every_image_has_its_box(written):
    for path in written.glob('*/labels/*.txt'):
        label, *box = path.read_text().split()
        cx, cy, w, h = map(float, box)
        assert 0 <= int(label) < 4 and 0 < w < 0.2 and 0 < h < 0.2
        assert w / 2 <= cx <= 1 - w / 2 and h / 2 <= cy <= 1 - h / 2


def test_worker_count_plays_no_part(written, tmp_path):
    write_dataset(TASK, tmp_path / 'data', COUNTS, SIZE, seed=4, num_workers=2)
    assert files_of(tmp_path / 'data') == files_of(written)


def test_more_images_leave_the_first_ones_as_they_are(written, tmp_path):
    write_dataset(TASK, tmp_path / 'data', {'train': 2, 'test': 4}, SIZE, seed=4)
    old, new = files_of(written), files_of(tmp_path / 'data')
    both = set(old) & set(new)
    assert len(both) == 1 + 2 * (2 + 3)
    assert all(old[name] == new[name] for name in both)


def test_other_seed_other_images(written, tmp_path):
    write_dataset(TASK, tmp_path / 'data', COUNTS, SIZE, seed=5)
    old, new = files_of(written), files_of(tmp_path / 'data')
    assert all(old[n] != new[n] for n in old if n.endswith('.jpg'))


def test_splits_do_not_share_images():
    states = {
        tuple(sample_seeds(0, split, i).generate_state(4))
        for split in ('train', 'test')
        for i in range(50)
    }
    assert len(states) == 100


@pytest.mark.parametrize('split', ['train', 'test'])
def test_classes_are_balanced_and_shuffled(split):
    labels = [sample_label(2, split, i, 4) for i in range(400)]
    assert np.bincount(labels).tolist() == [100] * 4
    blocks = {tuple(labels[i : i + 4]) for i in range(0, 400, 4)}
    assert len(blocks) > 15


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data' / 'mine.txt').write_text('precious')
    with pytest.raises(FileExistsError, match='data: expected a new or empty'):
        write_dataset(TASK, tmp_path / 'data', COUNTS, SIZE, seed=0)
    assert files_of(tmp_path) == {'data/mine.txt': b'precious'}


def test_a_file_is_not_overwritten(tmp_path):
    (tmp_path / 'data').write_text('precious')
    with pytest.raises(FileExistsError, match='data: expected a new or empty'):
        write_dataset(TASK, tmp_path / 'data', COUNTS, SIZE, seed=0)
    assert (tmp_path / 'data').read_text() == 'precious'


@pytest.mark.parametrize('size', [(48, 640), (480, 5000)])
def test_size_out_of_range(tmp_path, size):
    with pytest.raises(ValueError, match='expected sides from 96 to 4096 pixels'):
        write_dataset(TASK, tmp_path / 'data', COUNTS, size, seed=0)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / 'data').mkdir()
    write_dataset(TASK, tmp_path / 'data', {'train': 1}, SIZE, seed=0)
    assert (tmp_path / 'data' / 'classes.txt').is_file()
    assert [p.name for p in tmp_path.iterdir()] == ['data']


@pytest.mark.parametrize('num_workers', [1, 2])
def test_whole_or_not_at_all(tmp_path, num_workers):
    # The training images are drawn, and the first test image fails.
    task = replace(TASK, devices={'train': TASK.devices['train'], 'test': None})
    with pytest.raises(AttributeError, match='NoneType'):
        write_dataset(task, tmp_path / 'data', COUNTS, SIZE, 0, num_workers)
    assert list(tmp_path.iterdir()) == []
