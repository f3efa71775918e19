# Copyright (c) mmacnn authors. All rights reserved.
"""Instances of a COCO json and lines of a table, as samples."""

import copy
import json
import pickle
from collections import Counter

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmacnn.datasets import ClassBalancedSampler
from mmacnn.registry import DATASETS

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='mmacnn.LoadRegionMask'),
    dict(type='mmacnn.AddMaskChannel'),
    dict(
        type='mmpretrain.PackInputs',
        meta_keys=('img_path', 'instance_id', 'region_fraction'),
    ),
]
SQUARE = [[4, 5, 10, 5, 10, 12, 4, 12]]
CONTENT = {
    'images': [
        {'id': 7, 'file_name': 'a.png', 'height': 24, 'width': 32},
        {'id': 9, 'file_name': 'b.png', 'height': 24, 'width': 32},
    ],
    'annotations': [
        {
            'id': 1,
            'image_id': 7,
            'category_id': 3,
            'bbox': [4, 5, 6, 7],
            'area': 42,
            'segmentation': SQUARE,
        },
        {
            'id': 2,
            'image_id': 9,
            'category_id': 1,
            'bbox': [0, 0, 2, 2],
            'area': 4,
            'iscrowd': 0,
            'segmentation': {'size': [24, 32], 'counts': [0, 2, 22, 2, 742]},
        },
        {
            'id': 3,
            'image_id': 9,
            'category_id': 1,
            'bbox': [0, 0, 32, 24],
            'area': 768,
            'iscrowd': 1,
            'segmentation': {'size': [24, 32], 'counts': [0, 768]},
        },
    ],
    'categories': [{'id': 1, 'name': 'pit'}, {'id': 3, 'name': 'scratch'}],
}


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def content():
    return copy.deepcopy(CONTENT)


@pytest.fixture
def images(tmp_path):
    (tmp_path / 'images').mkdir()
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(tmp_path / 'images' / name), np.full((24, 32, 3), 9, np.uint8))
    return tmp_path


@pytest.fixture
def load(images):
    """Write a content and load it."""

    def load(content, **settings):
        (images / 'annotations.json').write_text(json.dumps(content))
        config = dict(
            type='mmacnn.CocoRegionDataset',
            data_root=str(images),
            ann_file='annotations.json',
            data_prefix=dict(img_path='images'),
            pipeline=PIPELINE,
            test_mode=True,
        )
        return DATASETS.build({**config, **settings})

    return load


def test_one_sample_an_instance(load, content):
    dataset = load(content)
    assert len(dataset) == 2 and dataset.CLASSES == ('pit', 'scratch')
    for index, (label, box, number) in enumerate(
        [(1, (5, 12, 4, 10), 1), (0, (0, 2, 0, 2), 2)]
    ):
        sample = dataset[index]
        assert sample['inputs'].shape == (4, 24, 32)
        mask = np.zeros((24, 32))
        mask[box[0] : box[1], box[2] : box[3]] = 1
        np.testing.assert_array_equal(sample['inputs'][3], mask)
        assert sample['data_samples'].gt_label == label
        assert sample['data_samples'].instance_id == number
        assert sample['data_samples'].region_fraction == pytest.approx(mask.mean())


@pytest.mark.parametrize(
    ('settings', 'kept'),
    [
        (dict(min_area=5), [1]),
        (dict(area_ratio=(0, 0.01)), [2]),
        (dict(area_ratio=(0.05, 0.06)), [1]),
        (dict(min_area=4, area_ratio=(0.001, 1)), [1, 2]),
    ],
)
def test_filters(load, content, settings, kept):
    dataset = load(content, filter_cfg=settings)
    found = [dataset.get_data_info(i)['instance_id'] for i in range(len(dataset))]
    assert found == kept


def change(content, place, value):
    *way, last = place
    for step in way:
        content = content[step]
    content[last] = value


SEGMENTATION = ['annotations', 0, 'segmentation']


@pytest.mark.parametrize(
    ('place', 'value', 'message'),
    [
        (SEGMENTATION, [[1, 2, 3, 4]], r'annotations\[0\] \(id 1\): found the polygon'),
        (SEGMENTATION, {'counts': 'xyz'}, "found run lengths without 'size'"),
        (['annotations', 0, 'category_id'], 5, 'found category_id 5, expected one of'),
        (['annotations', 0, 'image_id'], 5, 'found image_id 5, expected one of the'),
        (['annotations', 0], {'id': 1}, "found no 'image_id', expected one"),
        (['categories', 0, 'name'], 'dent', "found the category 'dent'"),
    ],
)
def test_mistakes_in_the_json(load, content, place, value, message):
    change(content, place, value)
    with pytest.raises(ValueError, match=message) as error:
        load(content, classes=('pit', 'scratch'))
    assert 'annotations.json: ' in str(error.value)


def test_no_segmentation(load, content):
    del content['annotations'][1]['segmentation']
    with pytest.raises(ValueError, match=r"\[1\] \(id 2\): found no 'segmentation'"):
        load(content)


def test_more_mistakes(load, content):
    with pytest.raises(
        ValueError, match="found 'max_area' in filter_cfg, expected min_"
    ):
        load(content, filter_cfg=dict(max_area=3))
    with pytest.raises(ValueError, match='found no region among 2 instances, expected'):
        load(content, filter_cfg=dict(min_area=1000))
    with pytest.raises(FileNotFoundError, match='absent.json: found no such file'):
        load(content, ann_file='absent.json')
    content['images'][0]['file_name'] = 'c.png'
    with pytest.raises(FileNotFoundError, match='images/c.png: found no such image'):
        load(content)


def test_a_wrong_mask_is_found_when_it_is_read(load, content):
    change(content, SEGMENTATION, [[1, 2, 5, 2, 9, 2]])
    with pytest.raises(ValueError, match='a.png, annotation 1: found an empty region'):
        load(content)[0]
    change(content, SEGMENTATION, {'size': [24, 32], 'counts': 'P1'})
    with pytest.raises(ValueError, match='a.png, annotation 1: found run lengths of'):
        load(content)[0]


def test_an_image_of_another_size_than_the_json_says(load, content):
    content['images'][0].update(height=48, width=64)
    change(content, SEGMENTATION, {'size': [48, 64], 'counts': [0, 3072]})
    with pytest.raises(
        ValueError, match=r'images.0.: found 64x48 .*a.png has 32x24 when it is upright'
    ):
        load(content)
    with pytest.raises(
        ValueError, match='a.png, annotation 1: .*of the image, .24, 32'
    ):
        load(content, check_sizes=False)[0]


@pytest.fixture
def table(images):
    """Write masks and a table, and load it."""
    (images / 'masks').mkdir()
    mask = np.zeros((24, 32), np.uint8)
    for name, value in (('a.png', 255), ('b1.png', 1), ('b2.png', 9)):
        mask[2:6, 3:9] = value
        cv2.imwrite(str(images / 'masks' / name), mask)

    def load(text, **settings):
        (images / 'regions.csv').write_text(text)
        config = dict(
            type='mmacnn.RegionFolderDataset',
            data_root=str(images),
            data_prefix=dict(img_path='images', mask_path='masks'),
            pipeline=PIPELINE,
            test_mode=True,
        )
        return DATASETS.build({**config, **settings})

    return load


HEADER = 'image,mask,label\n'
TABLE = HEADER + 'a.png,a.png,wood\nb.png,b1.png,glass\nb.png,b2.png,wood\n'


@pytest.mark.parametrize('text', [TABLE, '\ufeff' + TABLE.replace('\n', '\r\n')])
def test_table(table, text):
    dataset = table(text)
    assert dataset.CLASSES == ('glass', 'wood')
    assert [dataset.get_data_info(i)['gt_label'] for i in range(3)] == [1, 0, 1]
    for sample in dataset:
        assert sample['inputs'][3].sum() == 24 and sample['inputs'][3].max() == 1
        assert sample['data_samples'].region_fraction == pytest.approx(24 / 768)
    assert table(text, classes=('wood', 'glass', 'tile')).get_data_info(0)[
        'gt_label'
    ] == (0)


def test_more_columns_and_another_order(table):
    text = 'label,author,mask,image\nwood,me,a.png,a.png\n'
    assert table(text).get_data_info(0)['img_path'].endswith('images/a.png')


@pytest.mark.parametrize(
    ('text', 'error', 'message'),
    [
        ('', ValueError, "regions.csv: found no column 'image', expected the header"),
        ('image,label\na,b\n', ValueError, "found no column 'mask', expected the"),
        (HEADER, ValueError, 'regions.csv: found no region, expected one a line'),
        (f'{HEADER}a.png,a.png\n', ValueError, 'line 2: found no label, expected one'),
        (f'{HEADER}a.png,,wood\n', ValueError, 'line 2: found no mask, expected one'),
        (f'{HEADER}a.png,a.png,tin\n', ValueError, "line 2: found the label 'tin'"),
        (f'{HEADER}c.png,a.png,wood\n', FileNotFoundError, 'line 2: .*no such image'),
        (f'{HEADER}a.png,c.png,wood\n', FileNotFoundError, 'line 2: .*no such mask'),
        (f'{HEADER}../regions.csv,a.png,wood\n', ValueError, 'expected a name below'),
        (f'{HEADER}a.png,/etc/hostname,wood\n', ValueError, 'expected a name below'),
    ],
)
def test_mistakes_in_the_table(table, text, error, message):
    with pytest.raises(error, match=message) as caught:
        table(text, classes=('wood', 'glass'))
    assert 'regions.csv' in str(caught.value) and '\n' not in str(caught.value)


def test_no_table(table):
    with pytest.raises(FileNotFoundError, match='no.csv: found no such file, expected'):
        table(TABLE, ann_file='no.csv')


class Labels:
    """A data set of 90 samples of class 0, 9 of class 4 and 1 of class 7."""

    labels = [0] * 50 + [4] * 9 + [7] + [0] * 40

    def __len__(self):
        return len(self.labels)

    def get_data_info(self, index):
        return dict(gt_label=self.labels[index])


def drawn(sampler, epoch=0):
    sampler.set_epoch(epoch)
    return list(sampler)


def test_classes_are_drawn_equally_often_and_their_samples_too():
    counts = Counter(drawn(ClassBalancedSampler(Labels(), num_samples=30000, seed=0)))
    by_class = Counter()
    for index, count in counts.items():
        by_class[Labels.labels[index]] += count
        expected = 10000 / Labels.labels.count(Labels.labels[index])
        assert count == pytest.approx(expected, rel=0.35)
    assert all(count == pytest.approx(10000, rel=0.05) for count in by_class.values())
    assert len(counts) == 100


def test_order_follows_seed_and_epoch():
    first = drawn(ClassBalancedSampler(Labels(), seed=1), epoch=3)
    sampler = pickle.loads(pickle.dumps(ClassBalancedSampler(Labels(), seed=1)))
    assert drawn(sampler, epoch=3) == first and len(first) == 100
    assert drawn(sampler, epoch=4) != first
    assert drawn(ClassBalancedSampler(Labels(), seed=2), epoch=3) != first


def test_processes_share_the_epoch(monkeypatch):
    whole = drawn(ClassBalancedSampler(Labels(), num_samples=51, seed=0), epoch=2)
    parts = []
    for rank in range(3):
        monkeypatch.setattr(
            'mmengine.dataset.sampler.get_dist_info', lambda rank=rank: (rank, 3)
        )
        sampler = ClassBalancedSampler(Labels(), num_samples=51, seed=0)
        parts.append(drawn(sampler, epoch=2))
        assert len(parts[-1]) == len(sampler) == 17
    assert [i for group in zip(*parts, strict=True) for i in group] == whole


def test_no_samples():
    with pytest.raises(ValueError, match='num_samples is 0, expected 1 or more'):
        ClassBalancedSampler(Labels(), num_samples=0, seed=0)
