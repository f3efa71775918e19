# Copyright (c) mmacnn authors. All rights reserved.
import copy
import json

import cv2
import numpy as np
import pytest

from mmacnn.datasets import CheckedCocoDataset
from mmacnn.registry import DATASETS

CLASSES = ('scratch', 'pit')
CONTENT = {
    'images': [
        {'id': 7, 'file_name': 'a.png', 'height': 24, 'width': 32},
        {'id': 9, 'file_name': 'b.png', 'height': 24, 'width': 32},
    ],
    'annotations': [
        {'id': 1, 'image_id': 7, 'category_id': 3, 'bbox': [4, 5, 6.5, 7], 'area': 45},
        {'id': 2, 'image_id': 7, 'category_id': 1, 'bbox': [0, 0, 3, 2], 'area': 6},
    ],
    'categories': [{'id': 1, 'name': 'scratch'}, {'id': 3, 'name': 'pit'}],
}
FIRST = ['annotations', 0]
CATEGORIES = CONTENT['categories']


@pytest.fixture
def content():
    return copy.deepcopy(CONTENT)


@pytest.fixture
def load(tmp_path):
    """Write the images and a content, and load them."""
    (tmp_path / 'images').mkdir()
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(tmp_path / 'images' / name), np.zeros((24, 32, 3), np.uint8))

    def load(content, **settings):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / 'annotations.json').write_text(text)
        config = dict(
            type='mmacnn.CheckedCocoDataset',
            data_root=str(tmp_path),
            ann_file='annotations.json',
            data_prefix=dict(img='images'),
            metainfo=dict(classes=CLASSES),
        )
        return DATASETS.build({**config, **settings})

    return load


def test_loads_what_mmdet_loads(load, content):
    ours, theirs = load(content), load(content, type='mmdet.CocoDataset')

    assert isinstance(ours, CheckedCocoDataset) and len(ours) == 2
    assert [ours.get_data_info(i) for i in range(2)] == [
        theirs.get_data_info(i) for i in range(2)
    ]
    # The category 3 is the second class; images without boxes stay.
    assert [i['bbox_label'] for i in ours.get_data_info(0)['instances']] == [1, 0]
    assert ours.get_data_info(1)['instances'] == []


def test_images_without_boxes_can_be_left_out(load, content):
    assert len(load(content, filter_cfg=dict(filter_empty_gt=True))) == 1


def change(content, place, value):
    *way, last = place
    for step in way:
        content = content[step]
    content[last] = value


@pytest.mark.parametrize(
    ('place', 'value', 'message'),
    [
        (['annotations'], [], r'found no box \(2 images\), expected'),
        ([*FIRST, 'bbox'], None, r'annotations\[0\].bbox: found None, expected'),
        ([*FIRST, 'bbox'], [1, 2, 3], r'annotations\[0\].bbox: found no 3, expected'),
        ([*FIRST, 'bbox'], [1, 2, -3, 4], r'bbox\[2\]: found -3, expected greater'),
        (
            [*FIRST, 'bbox'],
            [1, 2, 'w', 4],
            r"bbox\[2\]: found 'w', expected a valid",
        ),
        ([*FIRST, 'bbox'], [40, 2, 3, 4], 'expected one on the 32x24 image a'),
        ([*FIRST, 'image_id'], 8, 'found image_id 8, expected one of the file'),
        ([*FIRST, 'category_id'], 2, 'found category_id 2, expected one of the'),
        (FIRST, {'id': 2}, r"annotations\[0\]: found no 'image_id', expected"),
        ([*FIRST, 'id'], 2, r'annotations\[1\]: found the id 2 a second time'),
        (['images', 0], 'a.png', r"images\[0\]: found 'a.png', expected a dict"),
        (
            ['categories', 1, 'name'],
            'dent',
            r"found the category 'dent' \(1 boxes\), .*classes\): scratch, pit",
        ),
        (['categories'], CATEGORIES[:1], "categories: expected 'pit'"),
        (['categories'], {}, "expected COCO json .*, found no list 'categories'"),
    ],
)
def test_mistakes_in_the_file(load, content, tmp_path, place, value, message):
    change(content, place, value)
    with pytest.raises(ValueError, match=message) as error:
        load(content)
    assert str(error.value).startswith(str(tmp_path / 'annotations.json'))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('text', ['', '{"images": [', '[]', 'null'])
def test_no_coco_json(load, text):
    with pytest.raises(ValueError, match='annotations.json: .*COCO json'):
        load(text)


def test_no_annotation_file(load, content):
    with pytest.raises(FileNotFoundError, match='absent.json: found no such file'):
        load(content, ann_file='absent.json')


def test_an_image_is_missing(load, content):
    content['images'][1]['file_name'] = 'c.png'
    with pytest.raises(
        FileNotFoundError,
        match=r'images/c.png: found no such image, .*json \(1 of 2 images are',
    ):
        load(content)
