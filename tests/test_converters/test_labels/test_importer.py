# Copyright (c) mmacnn authors. All rights reserved.
import json
import os
import re
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.cli.command_line import main
from mmacnn.converters.labels import ImportOptions, import_labels
from mmacnn.datasets.named_images import AmbiguousName, ImageFinder, split_of
from mmacnn.utils import InputError


@pytest.fixture
def source(tmp_path):
    """20 images of two classes, ten objects each, as YOLO labels."""
    root = tmp_path / 'source'
    for folder in ('images', 'labels'):
        (root / folder).mkdir(parents=True)
    for number in range(20):
        picture = np.full((48, 64, 3), number, np.uint8)
        cv2.imwrite(str(root / f'images/{number:02}.png'), picture)
        line = f'{number % 2} 0.5 0.5 0.25 0.25\n'
        (root / f'labels/{number:02}.txt').write_text(line)
    (root / 'classes.txt').write_text('pit\nscratch\n')
    return root


def test_command_line(source, tmp_path, capsys):
    out = tmp_path / 'out'
    main(['import', str(source), '--to', 'coco', '--dry-run'])
    assert 'written: nothing' in capsys.readouterr().out and not out.exists()
    main(['import', str(source), str(out), '--to', 'coco', '--val-fraction', '0.2'])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('found: YOLO labels (20 files')
    assert lines[1] == 'changed: nothing'
    assert lines[2:5] == [
        'classes: pit, scratch',
        'train: 16 images, 16 labels (pit 8, scratch 8)',
        'val: 4 images, 4 labels (pit 2, scratch 2)',
    ]
    with pytest.raises(FileExistsError, match='expected a new or empty folder'):
        main(['import', str(source), str(out), '--to', 'coco'])
    with pytest.raises(InputError, match='found a folder in the source'):
        main(['import', str(source), str(source / 'new'), '--to', 'coco'])


def test_split_depends_on_the_seed_alone(source, tmp_path):
    def chosen(seed):
        out = tmp_path / f'out{len(list(tmp_path.iterdir()))}'
        options = ImportOptions(val_fraction=0.2, test_fraction=0.3, seed=seed)
        report = import_labels(str(source), str(out), 'yolo-roi', options)
        assert report.images == dict(train=10, val=4, test=6)
        assert report.objects['test'] == dict(pit=3, scratch=3)
        return {
            split: sorted(path.name for path in (out / split / 'images').iterdir())
            for split in report.images
        }

    first = chosen(1)
    assert first == chosen(1) != chosen(2)
    assert sum(map(len, first.values())) == len(set().union(*first.values()))


def test_two_images_of_a_class_are_enough_for_a_split(source):
    for number in range(4, 20):
        (source / f'images/{number:02}.png').unlink()
        (source / f'labels/{number:02}.txt').unlink()
    options = ImportOptions(val_fraction=0.2, test_fraction=0.2)
    report = import_labels(str(source), None, 'yolo-roi', options)
    assert report.images == dict(train=2, val=1, test=1)


def write_parts(root, layout, names):
    """Images of the classes bad and good, in one folder, in a layout of labels."""
    boxed = layout != 'folders'
    content = dict(images=[], annotations=[], categories=[])
    content['categories'] = [dict(id=i, name=n) for i, n in enumerate(('bad', 'good'))]
    for number, name in enumerate(names):
        label = ('bad', 'good')[number % 2]
        folder = root / ('images' if boxed else label)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(f'{folder}/{name}.png', np.full((48, 64, 3), number, np.uint8))
        size = dict(width=64, height=48, file_name=f'{name}.png')
        content['images'].append(dict(id=number, **size))
        box = dict(bbox=[24, 18, 16, 12], category_id=number % 2, image_id=number)
        content['annotations'].append(dict(id=number, **box))
        if layout == 'yolo':
            (root / 'labels').mkdir(exist_ok=True)
            line = f'{number % 2} 0.5 0.5 0.25 0.25\n'
            (root / f'labels/{name}.txt').write_text(line)
    if layout == 'yolo':
        (root / 'classes.txt').write_text('bad\ngood\n')
    if layout == 'coco':
        (root / 'labels.json').write_text(json.dumps(content))


@pytest.mark.parametrize(
    ('layout', 'to'),
    [('folders', 'class-folders'), ('yolo', 'yolo-roi'), ('coco', 'coco')],
)
@pytest.mark.parametrize(
    ('name', 'pattern'), [('part{}_view_{}', None), ('s{}-v{}', r's(\d+)')]
)
def test_images_of_a_part_stay_in_one_split(layout, to, name, pattern, tmp_path):
    # Ten bad parts and ten good ones, two views of each.
    names = [
        name.format(2 * pair + kind, view)
        for pair in range(10)
        for view in (1, 2)
        for kind in (0, 1)
    ]
    write_parts(tmp_path / 'source', layout, names)
    options = ImportOptions(
        val_fraction=0.2, test_fraction=0.3, seed=3, part_pattern=pattern
    )
    out = tmp_path / 'out'
    report = import_labels(str(tmp_path / 'source'), str(out), to, options)
    assert report.images == dict(train=20, val=8, test=12)
    assert report.objects['test'] == dict(bad=6, good=6)
    assert '20 x part, by its name, kept in one split' in report.notes
    splits = {}
    for path in out.rglob('*.png'):
        part = re.search(r'\d+', path.stem)[0]
        splits.setdefault(part, set()).add(path.relative_to(out).parts[0])
    assert len(splits) == 20 and all(len(found) == 1 for found in splits.values())


def test_parts_that_names_do_not_tell(tmp_path):
    # One class has a single part: its images are divided, and that is said.
    names = [f'good{i}_{v}' if v % 2 else f'bad1_{i}' for i in range(6) for v in (0, 1)]
    write_parts(tmp_path / 'source', 'folders', names)
    options = ImportOptions(test_fraction=0.3)
    report = import_labels(str(tmp_path / 'source'), None, 'class-folders', options)
    assert report.objects['test'] == dict(good=2, bad=2)
    assert report.notes == ['1 x part divided between splits: less than 3 of bad']
    for pattern, match in (('(', 'part-pattern'), ('x', 'found it in no path')):
        options = ImportOptions(test_fraction=0.3, part_pattern=pattern)
        with pytest.raises(InputError, match=match):
            import_labels(str(tmp_path / 'source'), None, 'class-folders', options)


def test_splits_of_the_source_stay(source, tmp_path):
    for folder in ('images', 'labels'):
        for split in ('train', 'test'):
            (source / folder / split).mkdir()
        for path in sorted((source / folder).glob('*.*')):
            split = 'test' if int(path.stem) >= 15 else 'train'
            path.rename(path.parent / split / path.name)
    report = import_labels(str(source), None, 'coco')
    assert report.images == dict(train=15, test=5)
    with pytest.raises(InputError, match='found a split test in the source'):
        import_labels(str(source), None, 'coco', ImportOptions(test_fraction=0.1))
    report = import_labels(str(source), None, 'coco', ImportOptions(val_fraction=0.2))
    assert report.images == dict(train=12, val=3, test=5)


def test_limit_keeps_of_each_class_alike(source):
    options = ImportOptions(test_fraction=0.3, limit=6)
    report = import_labels(str(source), None, 'coco', options)
    assert report.images == dict(train=6, test=6)
    assert report.objects['train'] == dict(pit=3, scratch=3)
    assert '8 x image for training left out (--limit 6)' in report.notes


def test_links(source, tmp_path):
    options = ImportOptions(link=True)
    import_labels(str(source), str(tmp_path / 'out'), 'coco', options)
    image = tmp_path / 'out/train/images/00.png'
    assert os.stat(image).st_nlink == 2
    import_labels(str(source), str(tmp_path / 'copies'), 'coco')
    assert os.stat(tmp_path / 'copies/train/images/00.png').st_nlink == 1


def test_names_that_come_twice(tmp_path):
    """Two cameras count from 1, and a suffix is all that differs."""
    source = tmp_path / 'source'
    images = []
    for folder, name in (('left', '1.png'), ('right', '1.png'), ('right', '1.bmp')):
        (source / folder).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(source / folder / name), np.zeros((48, 64, 3), np.uint8))
        images.append(
            dict(id=len(images), file_name=f'{folder}/{name}', width=64, height=48)
        )
    content = dict(
        images=images,
        categories=[dict(id=1, name='pit')],
        annotations=[
            dict(id=i, image_id=i, category_id=1, bbox=[5 + i, 5, 9, 9])
            for i in range(3)
        ],
    )
    (source / 'labels.json').write_text(json.dumps(content))
    import_labels(str(source), str(tmp_path / 'out'), 'yolo-roi')
    names = sorted(p.name for p in (tmp_path / 'out/train/images').iterdir())
    assert len({Path(name).stem for name in names}) == len(names) == 3
    lefts = Counter(
        round(float(path.read_text().split()[1]) * 64 - 4.5)
        for path in (tmp_path / 'out/train/labels').iterdir()
    )
    assert lefts == {5: 1, 6: 1, 7: 1}


def test_several_objects_for_an_roi(source, tmp_path):
    path = source / 'labels/00.txt'
    path.write_text(path.read_text() + '1 0.25 0.25 0.5 0.5\n')
    with pytest.raises(InputError, match=r'2 objects \(1 of 20 images .*--largest'):
        import_labels(str(source), None, 'yolo-roi')
    report = import_labels(str(source), None, 'yolo-roi', ImportOptions(largest=True))
    assert report.notes == [
        f'1 x image of several objects, the largest kept (first: {path})'
    ]
    assert report.objects['train'] == dict(pit=9, scratch=11)


def test_classes_of_several_kinds_for_folders(source):
    path = source / 'labels/00.txt'
    path.write_text(path.read_text() + '1 0.25 0.25 0.5 0.5\n')
    (source / 'labels/01.txt').write_text('')
    with pytest.raises(InputError, match='--merge defective'):
        import_labels(str(source), None, 'class-folders')
    options = ImportOptions(merge='bad')
    report = import_labels(str(source), None, 'class-folders', options)
    assert report.objects['train'] == dict(good=1, bad=19)


@pytest.mark.parametrize(
    ('name', 'near', 'path', 'cause'),
    [
        ('a.jpg', '', 'train/x/a.jpg', ''),
        ('b.jpg', 'train', 'train/b.jpg', ''),
        ('test/b.jpg', '', 'test/b.jpg', ''),
        ('x\\a.jpg', '', 'train/x/a.jpg', 'a backslash'),
        ('C:\\data\\a.jpg', '', 'train/x/a.jpg', 'a backslash'),
        ('/data/upload/1/ab12cd34-a.jpg', '', 'train/x/a.jpg', "a server's path"),
        ('A.JPG', '', 'train/x/a.jpg', 'another case'),
        ('y/a.jpg', '', 'train/x/a.jpg', 'another folder'),
        ('a', '', 'train/x/a.jpg', 'without suffix'),
    ],
)
def test_image_finder(name, near, path, cause):
    finder = ImageFinder(['train/x/a.jpg', 'train/b.jpg', 'test/b.jpg'])
    found, why = finder.find(name, near)
    assert found == path
    assert cause in why and bool(cause) == bool(why)


def test_image_finder_does_not_guess():
    finder = ImageFinder(['train/a.jpg', 'left/b.jpg', 'right/b.jpg'])
    with pytest.raises(AmbiguousName, match=r'left/b.jpg and right/b.jpg'):
        finder.find('b.jpg')
    for name in ('test/a.jpg', 'c.jpg', '', '..'):
        with pytest.raises(FileNotFoundError):
            finder.find(name)
    assert split_of('data/valid/images/a.jpg') == 'val'
    assert split_of('a_train/b.jpg') == split_of('train.jpg') == ''


@pytest.mark.parametrize(
    ('corners', 'count'),
    [
        pytest.param([(20, 8), (44, 20), (39, 30), (15, 18)], 9, id='turned'),
        pytest.param([(20, 8), (44, 8), (44, 19), (20, 19)], 5, id='upright'),
        pytest.param([(20, 8), (44, 20), (50, 40), (15, 18)], 5, id='no box'),
        pytest.param([(44, 8), (68, 20), (63, 30), (39, 18)], 5, id='over the edge'),
    ],
)
def test_oriented_boxes_stay_oriented(source, tmp_path, corners, count):
    numbers = ' '.join(f'{x / 64:.6f} {y / 48:.6f}' for x, y in corners)
    (source / 'labels/03.txt').write_text(f'1 {numbers}\n')
    import_labels(str(source), str(tmp_path / 'out'), 'yolo-roi')
    line = (tmp_path / 'out/train/labels/03.txt').read_text().split()
    assert len(line) == count and line[0] == '1'
    if count == 9:
        assert [float(value) for value in line[1:]] == pytest.approx(
            [float(value) for value in numbers.split()], abs=1e-5
        )
