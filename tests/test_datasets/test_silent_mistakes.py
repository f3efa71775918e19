# Copyright (c) mmacnn authors. All rights reserved.
"""What once trained on something wrong without a word: now an error or a warning."""

import copy
import json
import logging

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.logging import MMLogger

from mmacnn.datasets import (
    CheckedCocoDataset,
    CheckedCocoMetric,
    ClassFolderDataset,
    YOLORoIDataset,
)
from mmacnn.engine.data_checks import check_data_settings
from mmacnn.utils import InputError

CLASSES = ('scratch', 'pit')
BOX = {'image_id': 1, 'category_id': 1, 'bbox': [4, 5, 9, 7], 'area': 63, 'iscrowd': 0}
CONTENT = {
    'images': [
        {'id': 1, 'file_name': 'a.png', 'height': 24, 'width': 32},
        {'id': 2, 'file_name': 'b.png', 'height': 24, 'width': 32},
    ],
    'annotations': [{'id': 1, **BOX}, {'id': 2, **BOX, 'category_id': 2}],
    'categories': [{'id': 1, 'name': 'scratch'}, {'id': 2, 'name': 'pit'}],
}


@pytest.fixture
def warnings(caplog):
    """The warnings so far, as one text."""
    logger = MMLogger.get_instance('silent_mistakes')
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.WARNING)
    yield lambda: caplog.text
    logger.removeHandler(caplog.handler)


@pytest.fixture
def load(tmp_path):
    (tmp_path / 'images').mkdir()
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(tmp_path / 'images' / name), np.zeros((24, 32, 3), np.uint8))

    def load(change, classes=CLASSES, **settings):
        content = copy.deepcopy(CONTENT)
        change(content)
        (tmp_path / 'a.json').write_text(json.dumps(content))
        return CheckedCocoDataset(
            data_root=str(tmp_path),
            ann_file='a.json',
            data_prefix=dict(img='images'),
            metainfo=dict(classes=classes),
            **settings,
        )

    return load


def set_all(content, **values):
    for entry in content['annotations']:
        entry |= values


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            lambda c: set_all(c, bbox=[12, 10, 28, 20]),
            'found 2 of 2 boxes that reach far over .*--coco-boxes xyxy',
        ),
        (lambda c: set_all(c, iscrowd=1), 'found crowds alone'),
        (
            lambda c: c['images'].append({**c['images'][0], 'id': 3}),
            'found the image a.png a second time',
        ),
        (lambda c: c['images'][0].update(file_name='A.PNG'), 'another case'),
        (lambda c: c['images'][0].update(file_name='images\\a.png'), 'a backslash'),
        (lambda c: c['images'][0].update(file_name='images/a.png'), 'named twice'),
        (
            lambda c: c['images'][0].update(file_name='/data/upload/1/0a1b2c3d-a.png'),
            'python -m mmacnn import',
        ),
    ],
)
def test_refused(load, change, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message) as error:
        load(change)
    assert '\n' not in str(error.value)


def test_one_class_without_its_comma(load, tmp_path):
    with pytest.raises(InputError, match="the text 'scratch', expected a list"):
        load(lambda c: None, classes=('scratch'))
    cfg = Config(dict(train_dataloader=dict(dataset=dict(classes=('scratch')))))
    with pytest.raises(InputError, match=r"classes: found the text 'scratch'"):
        check_data_settings(cfg)


def test_a_box_of_no_width_is_counted(load, warnings):
    dataset = load(lambda c: c['annotations'][1].update(bbox=[4, 5, 0, 7]))
    assert len(dataset.get_data_info(0)['instances']) == 1
    assert 'left out 1 boxes of less than a pixel' in warnings()


def test_a_class_without_a_box_is_named(load, warnings):
    load(lambda c: c['annotations'].pop())
    assert 'found no box of pit' in warnings()


def test_good_parts_alone_are_for_testing(load, warnings):
    def empty(content):
        content['annotations'] = []

    with pytest.raises(InputError, match='found no box'):
        load(empty)
    assert len(load(empty, test_mode=True)) == 2
    assert 'only false positives can be measured' in warnings()


def test_class_folders_of_good_parts_alone(tmp_path, warnings):
    (tmp_path / 'good').mkdir()
    cv2.imwrite(str(tmp_path / 'good/a.png'), np.zeros((24, 32, 3), np.uint8))
    settings = dict(data_root=str(tmp_path), classes=('good', 'bad'))
    with pytest.raises(InputError, match='found 1 class folders'):
        ClassFolderDataset(**settings)
    assert len(ClassFolderDataset(test_mode=True, **settings)) == 1
    assert "no image of class 'bad' to test on" in warnings()


def matter_of_form(content):
    content['categories'] = [
        {'id': 0, 'name': 'root'},
        *({'id': '2', 'name': 'pit'}, {'id': '1', 'name': 'scratch'}),
    ]
    for image in content['images']:
        image |= {'height': 24.0, 'width': 32.0}
    for entry in content['annotations']:
        del entry['area'], entry['iscrowd']


def test_what_is_a_matter_of_form_is_taken(load, tmp_path):
    dataset = load(matter_of_form)
    labels = [i['bbox_label'] for i in dataset.get_data_info(0)['instances']]
    assert labels == [0, 1] and dataset.metainfo['classes'] == CLASSES


def box_on_the_second_image(content):
    content['annotations'].append({'id': 3, **BOX, 'image_id': 2})


@pytest.mark.parametrize(
    ('change', 'tested'), [(matter_of_form, 2), (box_on_the_second_image, 1)]
)
def test_a_perfect_prediction_is_perfect(load, tmp_path, change, tested):
    """In the config's order of classes, and on some of the file's images alone."""
    dataset = load(change)
    metric = CheckedCocoMetric(ann_file=str(tmp_path / 'a.json'))
    metric.dataset_meta = dataset.metainfo
    for index in range(tested):
        info = dataset.get_data_info(index)
        boxes = np.array([i['bbox'] for i in info['instances']]).reshape(-1, 4)
        labels = np.array([i['bbox_label'] for i in info['instances']], int)
        found = dict(bboxes=boxes, scores=np.ones(len(boxes)), labels=labels)
        found['img_id'] = info['img_id']
        truth = dict(width=32, height=24, img_id=info['img_id'])
        metric.results.append((truth, found))
    assert metric.evaluate(tested)['coco/bbox_mAP'] == 1


def test_nothing_found_has_all_metrics_of_a_perfect_one(load, tmp_path):
    """Else the best checkpoint, which is chosen by one of them, ends a training."""
    dataset = load(matter_of_form)
    metric = CheckedCocoMetric(ann_file=str(tmp_path / 'a.json'))
    metric.dataset_meta = dataset.metainfo
    truth = dict(width=32, height=24, img_id=1)
    scores = []
    for count in (1, 0):
        boxes = np.array([[4.0, 5, 13, 12]])[:count]
        found = dict(bboxes=boxes, scores=np.ones(count), labels=np.zeros(count, int))
        metric.results.append((truth, dict(found, img_id=1)))
        scores.append(metric.evaluate(1))
        metric.results.clear()
    assert scores[0].keys() == scores[1].keys()
    assert scores[0]['coco/bbox_mAP_50'] > scores[1]['coco/bbox_mAP_50'] == 0


def phases(**changes):
    dataset = dict(
        type='mmacnn.CheckedCocoDataset',
        data_root='data/parts',
        ann_file='test.json',
        metainfo=dict(classes=CLASSES),
    )
    cfg = dict(
        train_dataloader=dict(dataset=dict(dataset, ann_file='train.json')),
        val_dataloader=dict(dataset=dataset),
        val_evaluator=dict(ann_file='data/parts/test.json'),
    )
    cfg = Config(cfg)
    cfg.merge_from_dict(changes)
    return cfg


def test_settings_of_one_phase_alone():
    check_data_settings(phases())
    changed = phases(**{'train_dataloader.dataset.metainfo.classes': ['pit']})
    with pytest.raises(InputError, match='val_dataloader.*has pit, expected the same'):
        check_data_settings(changed)
    moved = phases(**{'val_dataloader.dataset.data_root': '/disk/parts'})
    with pytest.raises(
        InputError, match=r'val_evaluator.ann_file: found data/parts/test.json, but'
    ):
        check_data_settings(moved)


@pytest.fixture
def roi_data(tmp_path):
    for folder in ('images', 'labels'):
        (tmp_path / folder).mkdir()
    cv2.imwrite(str(tmp_path / 'images/a.png'), np.zeros((24, 32, 3), np.uint8))
    (tmp_path / 'labels/a.txt').write_text('1 0.5 0.5 0.5 0.5\n')
    return tmp_path


def test_data_yaml_names_the_classes(roi_data, warnings):
    (roi_data / 'data.yaml').write_text('nc: 2\nnames: [scratch, pit]\n')
    dataset = YOLORoIDataset(data_root=str(roi_data))
    assert dataset.CLASSES == CLASSES and dataset[0]['gt_label'] == 1
    assert 'found no image of scratch' in warnings()


def test_two_class_lists_that_differ(roi_data):
    (roi_data / 'data.yaml').write_text('names: {0: scratch, 1: pit}\n')
    (roi_data / 'classes.txt').write_text('pit\nscratch\n')
    with pytest.raises(InputError, match='found the classes scratch, pit, but'):
        YOLORoIDataset(data_root=str(roi_data))


def test_a_line_of_another_kind_names_the_import(roi_data):
    (roi_data / 'classes.txt').write_text('scratch\npit\n')
    (roi_data / 'labels/a.txt').write_text('1 0.5 0.5 0.5 0.5 0.93\n')
    with pytest.raises(InputError, match='6 fields, .*`python -m mmacnn import`'):
        YOLORoIDataset(data_root=str(roi_data))
