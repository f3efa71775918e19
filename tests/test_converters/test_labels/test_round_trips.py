# Copyright (c) mmacnn authors. All rights reserved.
"""Ours to each format and back: boxes within half a pixel, classes by name."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.converters.labels import (
    ImportOptions,
    LabelledImage,
    LabelledObject,
    LabelledSet,
    import_labels,
    read_labels,
    write_labels,
    write_predictions,
)
from mmacnn.datasets import (
    AnomalyFolderDataset,
    CheckedCocoDataset,
    ClassFolderDataset,
    RegionFolderDataset,
    YOLORoIDataset,
)
from mmacnn.utils import InputError

FORMATS = ('coco', 'yolo', 'voc', 'labelme', 'cvat', 'label_studio', 'csv')
CLASSES = ['Kratzer', 'pit', 'ink stain']


def make_set(folder, count=12):
    """Images of several sizes with random boxes, the last image without one."""
    random = np.random.RandomState(0)
    folder.mkdir(parents=True)
    images = []
    for number in range(count):
        size = (int(random.randint(40, 300)), int(random.randint(40, 300)))
        path = folder / f'part {number}.png'
        cv2.imwrite(str(path), np.zeros((*size, 3), np.uint8))
        image = LabelledImage(str(path), size)
        for _ in range(number % 5 if number < count - 1 else 0):
            left, top = random.uniform(0, size[1] - 8), random.uniform(0, size[0] - 8)
            box = (
                *(left, top),
                *(random.uniform(left + 3, size[1]), random.uniform(top + 3, size[0])),
            )
            image.objects.append(LabelledObject(str(random.choice(CLASSES)), box))
        images.append(image)
    return LabelledSet('ours', images, CLASSES)


@pytest.mark.parametrize('format', FORMATS)
def test_round_trip(tmp_path, format):
    ours = make_set(tmp_path / 'images')
    write_labels(ours, format, str(tmp_path / 'labels_of_tool'))
    shutil.copytree(tmp_path / 'images', tmp_path / 'labels_of_tool' / 'images')

    back, source, found = read_labels(str(tmp_path / 'labels_of_tool'))
    assert back.format == format
    theirs = {Path(image.path).name: image for image in back.images}
    assert len(theirs) == len(ours.images)
    for image in ours.images:
        objects = theirs[Path(image.path).name].objects
        assert [o.name for o in objects] == [o.name for o in image.objects]
        for mine, item in zip(image.objects, objects, strict=True):
            assert np.abs(np.subtract(mine.box, item.box)).max() <= 0.5


@pytest.mark.parametrize('format', FORMATS)
def test_what_is_imported_trains(tmp_path, format):
    """Through each format to the data set of a detector."""
    ours = make_set(tmp_path / 'images')
    write_labels(ours, format, str(tmp_path / 'in'))
    shutil.copytree(tmp_path / 'images', tmp_path / 'in' / 'images')
    import_labels(str(tmp_path / 'in'), str(tmp_path / 'out'), 'coco')
    dataset = CheckedCocoDataset(
        data_root=str(tmp_path / 'out'),
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images'),
        metainfo=dict(classes=CLASSES),
    )
    expected = {
        Path(image.path).name: [
            (CLASSES.index(o.name), np.array(o.box)) for o in image.objects
        ]
        for image in ours.images
    }
    assert len(dataset) == len(expected)
    for info in map(dataset.get_data_info, range(len(dataset))):
        boxes = expected[Path(info['img_path']).name]
        assert [i['bbox_label'] for i in info['instances']] == [b[0] for b in boxes]
        for instance, (_, box) in zip(info['instances'], boxes, strict=True):
            assert np.abs(instance['bbox'] - box).max() <= 0.5


def paint(path, box=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.zeros((48, 64), np.uint8)
    if box is not None:
        picture[box[1] : box[3], box[0] : box[2]] = 255
    cv2.imwrite(str(path), picture)


@pytest.fixture
def defects(tmp_path):
    """Ten good and ten scratched parts with masks."""
    source = tmp_path / 'source'
    for number in range(10):
        paint(source / f'images/ok/{number}.png')
        paint(source / f'images/scratch/{number}.png')
        box = (number, number, number + 9, number + 5)
        paint(source / f'masks/scratch/{number}.png', box)
    return source


def boxes_of(masks):
    found = {}
    for path in masks:
        rows, columns = np.nonzero(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        found[path.stem.split('_')[0]] = tuple(map(int, box))
    return found


TRUTH = {str(n): (n, n, n + 9, n + 5) for n in range(10)}


def test_to_class_folders(defects, tmp_path):
    out = tmp_path / 'out'
    import_labels(str(defects), str(out), 'class-folders')
    dataset = ClassFolderDataset(
        classes=('ok', 'scratch'),
        data_root=str(out),
        data_prefix=dict(img_path='train/images', mask_path='train/masks'),
    )
    assert len(dataset) == 20
    assert [info['gt_label'] for info in dataset] == [0] * 10 + [1] * 10
    assert boxes_of((out / 'train/masks/scratch').iterdir()) == TRUTH


def test_to_class_folders_with_masks_of_some(defects, tmp_path):
    for number in range(3, 10):
        (defects / f'masks/scratch/{number}.png').unlink()
    out = tmp_path / 'out'
    options = ImportOptions(test_fraction=0.3)
    report = import_labels(str(defects), str(out), 'class-folders', options)
    masks = boxes_of((out / 'train/masks/scratch').iterdir())
    assert masks and masks.items() <= {n: TRUTH[n] for n in '012'}.items()
    assert not (out / 'test/masks').exists() and report.images['test'] == 6
    data = dict(data_root=str(out))
    prefix = dict(img_path='train/images', mask_path='train/masks')
    dataset = ClassFolderDataset(('ok', 'scratch'), data_prefix=prefix, **data)
    assert sum(info.get('mask_path') is not None for info in dataset) == len(masks)


def test_to_anomaly(defects, tmp_path):
    out = tmp_path / 'out'
    report = import_labels(str(defects), str(out), 'anomaly')
    assert report.images == dict(train=8, test=12)
    data = dict(data_root=str(out))
    assert len(AnomalyFolderDataset(subset='train', val_fraction=0, **data)) == 8
    tested = AnomalyFolderDataset(subset='test', **data)
    assert sum(info['gt_label'] for info in tested) == 10
    assert boxes_of((out / 'ground_truth/scratch').iterdir()) == TRUTH


def test_to_regions(defects, tmp_path):
    out = tmp_path / 'out'
    import_labels(str(defects), str(out), 'regions')
    dataset = RegionFolderDataset(
        ann_file='train.csv',
        data_root=str(out),
        data_prefix=dict(img_path='images', mask_path='masks'),
    )
    assert len(dataset) == 10
    assert boxes_of((out / 'masks/train').iterdir()) == TRUTH


def test_to_coco_and_yolo_roi(defects, tmp_path):
    import_labels(str(defects), str(tmp_path / 'coco'), 'coco')
    dataset = CheckedCocoDataset(
        data_root=str(tmp_path / 'coco'),
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images'),
        metainfo=dict(classes=('scratch',)),
    )
    assert sum(len(info['instances']) for info in dataset) == 10

    import_labels(str(defects), str(tmp_path / 'roi'), 'yolo-roi')
    dataset = YOLORoIDataset(data_root=str(tmp_path / 'roi/train'))
    assert dataset.CLASSES == ('ok', 'scratch')
    boxed = [info['gt_bboxes'] for info in dataset if len(info['gt_bboxes'])]
    assert len(dataset) == 20 and len(boxed) == 10


@dataclass
class Found:
    box: tuple
    class_name: str = ''
    score: float | None = None


@dataclass
class Result:
    source: str
    verdict: str = 'fail'
    class_name: str = ''
    score: float | None = None
    roi: tuple | None = None
    detections: tuple = ()
    error: str = ''
    extra: dict = field(default_factory=dict)


@pytest.mark.parametrize('format', FORMATS)
def test_predictions_come_back(tmp_path, format):
    ours = make_set(tmp_path / 'images')
    results = [
        Result(
            image.path,
            detections=tuple(Found(o.box, o.name, 0.9) for o in image.objects),
        )
        for image in ours.images
    ]
    results += [
        Result('array_3', detections=(Found((1, 2, 9, 9), 'pit', 0.5),)),
        Result(ours.images[0].path + '.txt', error='unreadable'),
    ]
    counts = write_predictions(results, format, str(tmp_path / 'out'), CLASSES)
    total = sum(len(image.objects) for image in ours.images)
    assert counts == {'images': len(ours.images), 'objects': total, 'left out': 2}
    shutil.copytree(tmp_path / 'images', tmp_path / 'out' / 'images')
    back, _, _ = read_labels(str(tmp_path / 'out'))
    assert sum(len(image.objects) for image in back.images) == total


def test_a_roi_and_an_unnamed_region_are_labels(tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    results = [
        Result(str(path), 'pass', 'A1', 0.7, roi=(-3.0, 4.0, 30.0, 20.0)),
    ]
    write_predictions(results, 'yolo', str(tmp_path / 'roi'))
    assert (tmp_path / 'roi/classes.txt').read_text() == 'A1\n'
    line = (tmp_path / 'roi/labels/a.txt').read_text().split()
    assert [float(v) for v in line] == pytest.approx(
        [0, 15 / 64, 12 / 48, 30 / 64, 16 / 48], abs=1e-6
    )
    marked = (Found((2, 2, 9, 9)),)
    bent = Result(str(path), 'fail', 'bent', 0.7, detections=marked)
    write_predictions([bent], 'yolo', str(tmp_path / 'map'))
    assert (tmp_path / 'map/classes.txt').read_text() == 'bent\n'
    good = Result(str(path), 'pass', 'good', 0.7, detections=marked)
    counts = write_predictions([good], 'coco', str(tmp_path / 'good'))
    assert (counts['images'], counts['objects']) == (1, 0)


def test_predictions_refuse(tmp_path):
    with pytest.raises(InputError, match='kitti: found no such label format'):
        write_predictions([], 'kitti', str(tmp_path / 'out'))
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full/a.txt').write_text('mine')
    with pytest.raises(FileExistsError, match='expected a new or empty folder'):
        write_predictions([], 'coco', str(tmp_path / 'full'))
