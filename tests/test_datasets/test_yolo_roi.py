# Copyright (c) mmacnn authors. All rights reserved.
import cv2
import numpy as np
import pytest
from mmengine.registry import DefaultScope
from PIL import Image

from mmacnn.datasets import YOLORoIDataset
from mmacnn.datasets.yolo_roi import choose_boxes
from mmacnn.registry import DATASETS

CLASSES = ('A1', 'B2', 'C3')
REAL_CLASSES = ['1069', '1071', '3707', '3709']


def load(root, **settings):
    return YOLORoIDataset(data_root=str(root), **settings)


def boxes_of(dataset):
    return [dataset.get_data_info(i)['gt_bboxes'] for i in range(len(dataset))]


def error_of(root, error=ValueError, **settings):
    """The one line that a wrong data set is answered with."""
    with pytest.raises(error) as info:
        load(root, **settings)
    message = str(info.value)
    assert '\n' not in message
    return message


def test_items(yolo_data):
    dataset = load(yolo_data)
    assert len(dataset) == 4
    assert dataset.metainfo['classes'] == dataset.CLASSES == CLASSES
    assert dataset.get_gt_labels().tolist() == [0, 1, 2, 0]
    info = dataset.get_data_info(1)
    assert info['img_path'] == str(yolo_data / 'images' / 'b.png')
    assert info['gt_bboxes'].dtype == np.float32
    # 1 0.25 0.75 0.125 0.25 on 64x48: centre (16, 36), 8 wide, 12 high
    np.testing.assert_allclose(info['gt_bboxes'], [[12, 30, 20, 42]])
    assert boxes_of(dataset)[3].shape == (0, 4)
    assert 'Number of samples: \t4' in repr(dataset)


def test_config_and_pipeline_to_data_sample(yolo_data):
    config = dict(
        type='YOLORoIDataset',
        data_root=str(yolo_data),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=(128, 96)),
            dict(
                type='mmacnn.RandomAffine',
                scale_range=(1, 1),
                rotate=0,
                translate_ratio=0,
            ),
            dict(type='ToTensor', keys=['gt_bboxes']),
            dict(type='mmpretrain.PackInputs', algorithm_keys=('gt_bboxes',)),
        ],
    )
    with DefaultScope.overwrite_default_scope('mmacnn'):
        dataset = DATASETS.build(config)
    item = dataset[0]
    sample = item['data_samples']
    assert item['inputs'].shape == (3, 96, 128)
    assert sample.gt_label.tolist() == [0]
    np.testing.assert_allclose(sample.gt_bboxes, [[48, 42, 80, 54]], atol=1e-4)
    assert sample.ori_shape == (48, 64) and sample.img_shape == (96, 128)
    assert sample.scale_factor == (2, 2)
    assert dataset[3]['data_samples'].gt_bboxes.shape == (0, 4)


def test_mmengine_arguments(yolo_data):
    assert len(load(yolo_data, indices=2)) == 2
    assert len(load(yolo_data, serialize_data=False)) == 4
    dataset = load(yolo_data, lazy_init=True)
    assert dataset.CLASSES == CLASSES and not dataset._fully_initialized
    with pytest.raises(TypeError, match='box_franction'):
        load(yolo_data, box_franction=0.1)


def test_text_of_other_systems(yolo_data):
    text = '\ufeff  2\t0.5 0.5  0.25 1e-1 \r\n\r\n\r\n'
    (yolo_data / 'labels' / 'a.txt').write_bytes(text.encode())
    (yolo_data / 'classes.txt').write_bytes('\ufeffA1\r\nB2\r\nC 3\r\n\r\n'.encode())
    (yolo_data / 'images' / '.DS_Store').write_bytes(b'x')
    (yolo_data / 'images' / '._a.png').write_bytes(b'x')
    (yolo_data / 'images' / 'Thumbs.db').write_bytes(b'x')
    (yolo_data / 'labels' / 'classes.txt').write_text('written by labelImg')
    (yolo_data / 'images' / 'b.png').rename(yolo_data / 'images' / 'b.PNG')
    dataset = load(yolo_data)
    assert dataset.CLASSES == ('A1', 'B2', 'C 3')
    assert dataset.get_gt_labels().tolist() == [2, 1, 2, 0]
    assert boxes_of(dataset)[0].shape == (1, 4)


def test_where_class_names_come_from(yolo_data):
    names = yolo_data / 'classes.txt'
    assert load(yolo_data, classes=list('xyz')).CLASSES == ('x', 'y', 'z')
    named = load(yolo_data, metainfo=dict(classes=['u', 'v', 'w']))
    assert named.CLASSES == ('u', 'v', 'w')
    names.rename(yolo_data / 'names.txt')
    assert load(yolo_data, classes='names.txt').CLASSES == CLASSES
    for place in (yolo_data.parent, yolo_data / 'labels'):
        (place / 'classes.txt').write_text('q\nr\ns\n')
        assert load(yolo_data).CLASSES == ('q', 'r', 's')
        (place / 'classes.txt').unlink()
    message = error_of(yolo_data, FileNotFoundError)
    assert message.startswith(f'{names}: found no such file')
    assert 'names2.txt' in error_of(yolo_data, FileNotFoundError, classes='names2.txt')
    nowhere = yolo_data / 'nowhere'
    message = error_of(nowhere, FileNotFoundError)
    assert message == f'{nowhere}: found no such folder, expected a data set'


@pytest.mark.parametrize(
    'text, message',
    [
        ('', 'classes.txt: found no class name'),
        ('A\nB\nA\n', "name 3: found 'A' again after name 1"),
        ('A\n\nB\n', "name 2: found ''"),
    ],
)
def test_wrong_class_names(yolo_data, text, message):
    (yolo_data / 'classes.txt').write_text(text)
    assert message in error_of(yolo_data)


@pytest.mark.parametrize('order', [(0, 1, 2, 3), (0, 3, 2, 1), (0, 2, 1, 3)])
def test_corners_of_an_oriented_box(yolo_data, order):
    corners = np.array([(0.25, 0.5), (0.5, 0.25), (0.75, 0.5), (0.5, 0.75)])
    text = ' '.join(f'{x}' for x in corners[list(order)].flatten())
    (yolo_data / 'labels' / 'a.txt').write_text(f'0 {text}\n')
    resize = dict(type='mmacnn.ResizeWithCorners', scale=(128, 96))
    turn = dict(
        type='mmacnn.RandomAffine', scale_range=(1, 1), rotate=0, translate_ratio=0
    )
    dataset = load(yolo_data, pipeline=[dict(type='LoadImageFromFile'), resize, turn])
    np.testing.assert_allclose(
        dataset.get_data_info(0)['gt_bboxes'], [[16, 12, 48, 36]]
    )
    item = dataset[0]
    np.testing.assert_allclose(item['gt_corners'], [corners * (128, 96)])
    np.testing.assert_allclose(item['gt_bboxes'], [[32, 24, 96, 72]])
    assert item['gt_is_oriented'].all()
    assert not dataset[1]['gt_is_oriented'].any()
    assert dataset[3]['gt_corners'].shape == (0, 4, 2)


def test_wrong_class_names_in_config(yolo_data):
    assert 'name 1: found 1069' in error_of(yolo_data, classes=[1069, 1071, 3707])
    assert 'found no class name' in error_of(yolo_data, classes=[])


@pytest.mark.parametrize(
    'text, message',
    [
        ('', 'labels/a.txt: found an empty file, expected a line `class cx cy w h`'),
        (' \n\n', 'labels/a.txt: found an empty file'),
        ('3 .5 .5 .1 .1', 'labels/a.txt, line 1: found class 3, expected 0 to 2'),
        ('\n-1', 'labels/a.txt, line 2: found class -1, expected 0 to 2'),
        ('A1', "line 1: found class 'A1', expected a whole number"),
        ('1.5 .5 .5 .1 .1', "found class '1.5', expected a whole number"),
        ('0 .5 .5 .1', 'line 1: found 4 fields, expected 5'),
        ('0 .5 .5 .1 .1 .9', 'line 1: found 6 fields, expected 5'),
        ('0 .5 x .1 .1', "line 1: found cy 'x', expected a number in [0, 1]"),
        ('0 nan .5 .1 .1', 'found cx nan, expected a number in [0, 1]'),
        ('0 .5 .5 inf .1', 'found w inf, expected a number in [0, 1]'),
        ('0 320 240 35 17', 'found cx 320, expected a number in [0, 1]'),
        ('0 .5 .5 -.1 .1', 'found w -.1, expected a number in [0, 1]'),
        ('0 .5 .5 .1 0', 'line 1: found a box of no area (w .1, h 0)'),
        ('0 .1 .1 .2 .2 .3 .3 .4 .4', 'line 1: found an oriented box of no area'),
        ('0 .1 .1 .4 .1 .4 .3 .1 1.3', 'found y4 1.3, expected a number in [0, 1]'),
        ('0 .05 .5 .2 .1', 'reaches 3.2 pixels outside the 64x48 image'),
        ('0 .5 .98 .1 .1', 'reaches 1.4 pixels outside the 64x48 image'),
        ('0 .5 .5 .1 .1\n1 .2 .2 .1 .1', 'line 2: found 2 labels, expected one'),
    ],
)
def test_wrong_label(yolo_data, text, message):
    (yolo_data / 'labels' / 'a.txt').write_text(text)
    assert message in error_of(yolo_data)
    assert str(yolo_data / 'labels' / 'a.txt') in error_of(yolo_data)


def test_label_that_is_no_text(yolo_data):
    (yolo_data / 'labels' / 'a.txt').write_bytes('0 .5 .5 .1 .1'.encode('utf-16'))
    assert 'a.txt: found bytes that are not UTF-8' in error_of(yolo_data)


def test_box_may_reach_out_by_a_rounded_pixel(yolo_data):
    (yolo_data / 'labels' / 'a.txt').write_text('0 0.04 0.5 0.1 0.5')
    np.testing.assert_allclose(boxes_of(load(yolo_data))[0], [[0, 12, 5.76, 36]])


def test_largest_of_several_boxes(yolo_data):
    lines = '0\n1 .5 .5 .1 .1\n2 .5 .5 .5 .25\n0 .5 .5 .2 .2\n'
    (yolo_data / 'labels' / 'a.txt').write_text(lines)
    dataset = load(yolo_data, multiple='largest')
    assert dataset.get_gt_labels()[0] == 2
    np.testing.assert_allclose(boxes_of(dataset)[0], [[16, 18, 48, 30]])
    # A wrong line is not forgiven for being a small one.
    (yolo_data / 'labels' / 'a.txt').write_text(lines + '9 .5 .5 .1 .1')
    assert 'line 5: found class 9' in error_of(yolo_data, multiple='largest')


def test_missing_label(yolo_data):
    (yolo_data / 'labels' / 'c.txt').unlink()
    message = error_of(yolo_data)
    assert message.startswith(str(yolo_data / 'labels' / 'c.txt'))
    assert 'found no label file for the image c.png' in message


def test_label_for_missing_image(yolo_data):
    (yolo_data / 'images' / 'c.png').unlink()
    message = error_of(yolo_data)
    assert message.startswith(str(yolo_data / 'labels' / 'c.txt'))
    assert 'found a label for a missing image' in message


def test_two_images_of_one_name(yolo_data):
    image = cv2.imread(str(yolo_data / 'images' / 'a.png'))
    cv2.imwrite(str(yolo_data / 'images' / 'a.jpg'), image)
    assert 'found 2 images of one name (a.jpg, a.png)' in error_of(yolo_data)


def test_broken_image(yolo_data):
    path = yolo_data / 'images' / 'a.png'
    path.write_bytes(path.read_bytes()[:-100])
    message = error_of(yolo_data)
    assert message.startswith(f'{path}: found an unreadable or truncated image')


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.tif', '.bmp'])
def test_box_agrees_with_a_turned_photograph(yolo_data, suffix):
    """A photograph held upright says in its EXIF data that it is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = 6
    (yolo_data / 'images' / 'a.png').unlink()
    Image.new('RGB', (64, 48)).save(yolo_data / 'images' / f'a{suffix}', exif=exif)
    (yolo_data / 'labels' / 'a.txt').write_text('0 0.5 0.5 1 1')
    item = load(yolo_data, pipeline=[dict(type='LoadImageFromFile')])[0]
    height, width = item['img'].shape[:2]
    np.testing.assert_allclose(item['gt_bboxes'], [[0, 0, width, height]])


def test_missing_and_empty_folders(yolo_data, tmp_path):
    prefix = dict(img_path='pictures')
    message = error_of(yolo_data, FileNotFoundError, data_prefix=prefix)
    assert f'{yolo_data / "pictures"}: found no such folder' in message
    message = error_of(
        yolo_data, FileNotFoundError, data_prefix=dict(label_path='notes')
    )
    assert f'{yolo_data / "notes"}: found no such folder' in message
    (yolo_data / 'pictures').mkdir()
    message = error_of(yolo_data, FileNotFoundError, data_prefix=prefix)
    assert f'{yolo_data / "pictures"}: found no image' in message


def test_no_box_in_training_set(yolo_data):
    for path in (yolo_data / 'labels').iterdir():
        path.write_text('1\n')
    message = error_of(yolo_data)
    assert 'labels: found no box in the whole training set (4 images)' in message
    assert len(load(yolo_data, test_mode=True)) == 4
    assert len(load(yolo_data, box_fraction=0)) == 4


def test_many_problems_are_counted(yolo_data):
    for i in range(9):
        (yolo_data / 'labels' / f'extra{i}.txt').write_text('0\n')
    message = error_of(yolo_data)
    assert message.startswith(f'{yolo_data / "labels" / "extra0.txt"}: found a label')
    assert message.endswith(
        '(the first of 9 problems; '
        f'tools/analysis_tools/analyse_dataset.py {yolo_data} lists all)'
    )


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(box_fraction=1.01), 'box_fraction is 1.01, expected a number in [0, 1]'),
        (dict(box_fraction=-0.1), 'box_fraction is -0.1'),
        (dict(box_fraction='5 %'), "box_fraction is '5 %'"),
        (dict(multiple='first'), "multiple is 'first', expected 'error' or 'largest'"),
    ],
)
def test_wrong_arguments(yolo_data, settings, message):
    assert message in error_of(yolo_data, **settings)


def test_box_fraction_hides_boxes_and_keeps_images(yolo_data):
    assert sum(map(len, boxes_of(load(yolo_data, box_fraction=0.34)))) == 1
    assert sum(map(len, boxes_of(load(yolo_data, box_fraction=0)))) == 0
    dataset = load(yolo_data, box_fraction=0.34)
    assert dataset.get_gt_labels().tolist() == [0, 1, 2, 0]


def test_chosen_boxes_are_nested_stratified_and_repeatable():
    class_ids = np.random.RandomState(1).choice(4, 1000, p=[0.4, 0.3, 0.2, 0.1])
    counts = np.bincount(class_ids)
    smaller = set()
    for fraction in (0.001, 0.01, 0.02, 0.05, 0.2, 1.0):
        kept = choose_boxes(class_ids, fraction, seed=0)
        np.testing.assert_array_equal(kept, choose_boxes(class_ids, fraction, seed=0))
        assert len(kept) == len(set(kept)) == round(1000 * fraction)
        assert smaller <= set(kept)
        smaller = set(kept)
        in_class = np.bincount(class_ids[kept], minlength=4)
        assert np.abs(in_class - fraction * counts).max() <= 1.5
        assert len(kept) < 4 or in_class.min() >= 1
    other = choose_boxes(class_ids, 0.05, seed=1)
    assert set(other) != set(choose_boxes(class_ids, 0.05, seed=0))


def test_any_fraction_above_zero_keeps_a_box():
    assert len(choose_boxes([0, 1, 1], 0.001, seed=0)) == 1
    assert len(choose_boxes([0, 1, 1], 0, seed=0)) == 0
    assert len(choose_boxes([], 0.5, seed=0)) == 0


def test_real_photographs(product_code_data):
    dataset = load(
        product_code_data,
        classes=REAL_CLASSES,
        pipeline=[dict(type='LoadImageFromFile')],
    )
    for item in dataset:
        name = item['img_path'].rpartition('/')[2]
        assert name.startswith(f'p{REAL_CLASSES[item["gt_label"]]}_')
        assert item['img'].shape == (480, 640, 3)
        x1, y1, x2, y2 = item['gt_bboxes'][0]
        assert 20 < x2 - x1 < 60 and 10 < y2 - y1 < 40
