# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest

from mmacnn.datasets import ClassFolderDataset
from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.synthetic.writer import sample_label, sample_seeds

TASK = TASKS['defect-folders']
SIZE = (128, 160)


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp('written') / 'data'
    write_dataset(TASK, root, dict(train=4, test=6), SIZE, seed=3)
    return root


def test_it_is_what_the_dataset_reads(written):
    dataset = ClassFolderDataset(
        TASK.classes,
        str(written),
        dict(img_path='test/images', mask_path='test/masks'),
    )
    labels = [dataset.get_data_info(i)['gt_label'] for i in range(len(dataset))]
    assert labels == [0, 0, 0, 1, 1, 1]
    for info in map(dataset.get_data_info, range(3, 6)):
        image = cv2.imread(info['img_path'])
        mask = cv2.imread(info['mask_path'], cv2.IMREAD_GRAYSCALE)
        assert image.shape == (*SIZE, 3) and mask.shape == SIZE
        assert set(np.unique(mask)) == {0, 255}
    assert not list(written.glob('*/masks/good/*'))


def test_images_lie_in_the_folder_of_their_label(written):
    for path in written.glob('*/images/*/*.jpg'):
        split, _, index = path.stem.partition('_')
        label = sample_label(3, split, int(index), 2)
        assert path.parent.name == TASK.classes[label]


@pytest.mark.parametrize('size', [(96, 96), SIZE])
def test_defective_images_have_defects_and_good_ones_none(size):
    for index in range(6):
        seeds = sample_seeds(0, 'test', index)
        _, instances = TASK.draw(seeds, index % 2, size, TASK.devices['test'])
        assert bool(instances) == bool(index % 2)
