# Copyright (c) mmacnn authors. All rights reserved.
import json

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from mmacnn.datasets import CheckedCocoDataset
from mmacnn.synthetic import TASKS, Instance, write_dataset
from mmacnn.synthetic.label_formats import run_lengths, yolo_line

TASK = TASKS['surface-defects']
COUNTS = {'train': 5, 'test': 3}
SIZE = (96, 128)


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp('written') / 'data'
    write_dataset(TASK, root, COUNTS, SIZE, seed=4)
    return root


def test_yolo_line():
    line = yolo_line(2, np.array([16.0, 12.0, 48.0, 24.0]), (48, 64))
    assert line == '2 0.500000 0.375000 0.500000 0.250000\n'
    assert yolo_line(0, np.array([-4.0, 0.0, 32.0, 48.0]), (48, 64)).startswith(
        '0 0.250000 0.500000 0.500000 1.000000'
    )


@pytest.mark.parametrize('first', [False, True])
def test_run_lengths(first):
    mask = np.array([[first, 1, 0], [0, 1, 1]], bool)
    # Down the columns: 0 0 1 1 0 1, or 1 0 1 1 0 1.
    expected = [0, 1, 1, 2, 1, 1] if first else [2, 2, 1, 1]
    assert run_lengths(mask) == {'size': [2, 3], 'counts': expected}


def test_box_of_an_instance():
    mask = np.zeros((20, 30), bool)
    mask[4:9, 7] = mask[6, 7:19] = True
    assert Instance(0, mask).box == (7, 4, 12, 5)


def test_layout(written):
    names = {str(p.relative_to(written)) for p in written.rglob('*') if p.is_file()}
    assert names == {'classes.txt'} | {
        name
        for split, count in COUNTS.items()
        for name in (
            f'{split}/annotations.json',
            *(f'{split}/images/{split}_{i:06d}.jpg' for i in range(count)),
            *(f'{split}/masks/{split}_{i:06d}.png' for i in range(count)),
        )
    }
    assert (written / 'classes.txt').read_text() == 'scratch\npit\ndent\nstain\n'


@pytest.mark.parametrize('split', COUNTS)
def test_coco_json_agrees_with_the_masks(written, split):
    coco = COCO(str(written / split / 'annotations.json'))
    assert [c['name'] for c in coco.loadCats(coco.getCatIds())] == list(TASK.classes)
    assert len(coco.getImgIds()) == COUNTS[split] and len(coco.getAnnIds()) > 2
    assert min(coco.getAnnIds()) == 1  # evaluation takes 0 for no annotation
    for image in coco.loadImgs(coco.getImgIds()):
        mask = cv2.imread(
            str(written / split / 'masks' / image['file_name'].replace('jpg', 'png')),
            cv2.IMREAD_UNCHANGED,
        )
        assert mask.shape == SIZE == (image['height'], image['width'])
        expected = np.zeros_like(mask)
        for annotation in coco.loadAnns(coco.getAnnIds(image['id'])):
            instance = coco.annToMask(annotation)
            expected[instance == 1] = annotation['category_id']
            assert annotation['area'] == instance.sum()
            assert tuple(annotation['bbox']) == cv2.boundingRect(instance)
            assert annotation['iscrowd'] == 0
        np.testing.assert_array_equal(mask, expected)


def test_mmdet_reads_boxes_and_masks(written):
    dataset = CheckedCocoDataset(
        data_root=str(written),
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images'),
        metainfo=dict(classes=TASK.classes),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='mmdet.LoadAnnotations', with_bbox=True, with_mask=True),
        ],
    )
    for i in range(len(dataset)):
        item = dataset[i]
        for box, mask in zip(item['gt_bboxes'], item['gt_masks'].masks, strict=True):
            x, y, width, height = cv2.boundingRect(mask)
            assert box.tensor[0].tolist() == [x, y, x + width, y + height]


def test_worker_count_plays_no_part(written, tmp_path):
    write_dataset(TASK, tmp_path / 'data', COUNTS, SIZE, seed=4, num_workers=2)
    for path in written.rglob('*'):
        if path.is_file():
            other = tmp_path / 'data' / path.relative_to(written)
            assert other.read_bytes() == path.read_bytes()


def test_more_images_leave_the_first_annotations_as_they_are(written, tmp_path):
    write_dataset(TASK, tmp_path / 'data', {'train': 6}, SIZE, seed=4)
    few, more = (
        json.loads((root / 'train/annotations.json').read_text())
        for root in (written, tmp_path / 'data')
    )
    assert more['images'][:5] == few['images']
    assert more['annotations'][: len(few['annotations'])] == few['annotations']
