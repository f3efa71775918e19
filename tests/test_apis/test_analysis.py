# Copyright (c) mmacnn authors. All rights reserved.
"""``analyse`` on generated data sets, whose numbers are counted here anew."""

import json
from collections import Counter
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from scipy import ndimage

from mmacnn.apis import analyse
from mmacnn.cli.command_line import main
from mmacnn.converters.labels import (
    ImportOptions,
    LabelledImage,
    LabelledObject,
    LabelledSet,
    write_labels,
)
from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.utils import InputError

COUNTS = dict(train=8, test=6)


@pytest.fixture
def generate(tmp_path):
    def run(task, size=(128, 160)):
        root = tmp_path / task
        write_dataset(TASKS[task], root, COUNTS, size, seed=3)
        return root

    return run


def figures(root):
    """The figures of each split by its name."""
    (analysis,) = analyse(str(root)).analyses
    assert {split.name: split.images for split in analysis.splits} == COUNTS
    return {split.name: split for split in analysis.splits}


def test_coco(generate):
    root = generate('surface-defects')
    for name, split in figures(root).items():
        content = json.loads((root / name / 'annotations.json').read_text())
        names = {c['id']: c['name'] for c in content['categories']}
        items = content['annotations']
        counts = Counter(names[item['category_id']] for item in items)
        pairs = {(item['image_id'], names[item['category_id']]) for item in items}
        assert split.objects == len(items)
        assert +Counter(split.objects_of) == counts
        assert +Counter(split.images_of) == Counter(n for _, n in pairs)
        assert split.empty == COUNTS[name] - len({item['image_id'] for item in items})
        sides = [min(item['bbox'][2:]) for item in items]
        assert split.side_percentiles == pytest.approx(
            np.percentile(sides, [5, 50, 95])
        )
        an_image = Counter(item['image_id'] for item in items)
        assert split.objects_an_image[3] == max(an_image.values())
        assert split.sizes == {(128, 160): COUNTS[name]}
        used = {n for n in names.values() if n in counts}
        assert not used & set(split.lacking)


def test_yolo_with_its_roi(generate):
    root = generate('product-code', (480, 640))
    names = (root / 'classes.txt').read_text().split('\n')
    report = analyse(str(root))
    assert report.roi.roi_size and 'roi_size=' in report.text()
    for name, split in figures(root).items():
        lines = [p.read_text().split() for p in (root / name / 'labels').iterdir()]
        assert +Counter(split.objects_of) == Counter(names[int(x[0])] for x in lines)
        sides = [min(float(x[3]) * 640, float(x[4]) * 480) for x in lines]
        assert split.side_percentiles == pytest.approx(
            np.percentile(sides, [5, 50, 95]), abs=0.01
        )


@pytest.mark.parametrize('task', ['defect-folders', 'anomaly'])
def test_folders_with_masks(generate, task):
    root = generate(task)
    for name, split in figures(root).items():
        place = root / name / 'images' if task == 'defect-folders' else root / name
        masks = root / name / 'masks' if task == 'defect-folders' else None
        masks = masks or root / 'ground_truth'
        files = [p for p in place.rglob('*') if p.suffix in ('.png', '.jpg')]
        assert +Counter(split.images_of) == Counter(p.parent.name for p in files)
        parts = Counter()
        for path in files:
            for mask in masks.glob(f'{path.parent.name}/{path.stem}*'):
                picture = cv2.imread(str(mask), cv2.IMREAD_GRAYSCALE)
                parts[path.parent.name] += ndimage.label(picture, np.ones((3, 3)))[1]
        assert +Counter(split.objects_of) == parts
    report = analyse(str(root))
    assert len(report.categories) == (task == 'anomaly')
    # Good images alone to learn from are no mistake.
    warned = any('train lacks' in line for line in report.analyses[0].warnings())
    assert not warned


@pytest.mark.parametrize(
    'format', ['coco', 'yolo', 'voc', 'labelme', 'cvat', 'label_studio', 'csv']
)
def test_each_label_format(tmp_path, format):
    """The same labels give the same figures, whatever they are stored in."""
    boxes = {  # class: its boxes on each image
        'pit': [[(5, 5, 25, 15)], [(5, 5, 25, 15), (30, 5, 42, 45)], []],
        'scratch': [[(40, 20, 48, 52)], [], []],
    }
    images = []
    (tmp_path / 'in').mkdir()
    for number in range(3):
        path = tmp_path / f'{number}.png'
        cv2.imwrite(str(path), scene(number))
        items = [LabelledObject(k, box) for k in boxes for box in boxes[k][number]]
        images.append(LabelledImage(str(path), (60, 80), objects=items))
    root = tmp_path / 'in'
    write_labels(LabelledSet('ours', images, list(boxes)), format, str(root))
    (root / 'images').mkdir(exist_ok=True)
    for number in range(3):
        cv2.imwrite(str(root / f'images/{number}.png'), scene(number))
    (analysis,) = analyse(str(root)).analyses
    (split,) = analysis.splits
    assert (split.images, split.empty, split.objects) == (3, 1, 4)
    assert split.images_of == dict(pit=2, scratch=1)
    assert split.objects_of == dict(pit=3, scratch=1)
    assert sorted(split.shorter_sides) == pytest.approx([8, 10, 10, 12], abs=0.5)
    assert not analysis.problems()


def scene(seed, size=(60, 80)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


@pytest.fixture
def folders(tmp_path):
    """Class folders with a copy in another split, one in another class, and a burst."""
    root = tmp_path / 'set <b>'
    seeds = {
        'train/ok/a.png': 0,
        'train/ok/b.png': 1,
        'train/bad/burst_1.png': 2,
        'train/bad/d.png': 1,
        'test/ok/e.png': 0,
        'test/bad/burst_2.png': 5,
        'test/<script>&/f.png': 6,
    }
    for name, seed in seeds.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(root / name), scene(seed))
    return root


def test_duplicates(folders):
    near = cv2.imencode('.jpg', scene(2), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    (folders / 'test/bad/near.jpg').write_bytes(near)
    report = analyse(str(folders))
    (analysis,) = report.analyses

    def names(places):
        return {analysis.images[i].path.rpartition('/')[2] for i in places}

    assert [names(group) for group in analysis.leaks] == [{'a.png', 'e.png'}]
    assert [names(group) for group in analysis.contradictions] == [{'b.png', 'd.png'}]
    (pair,) = analysis.near_leaks
    assert names((pair.first, pair.second)) == {'burst_1.png', 'near.jpg'}
    assert list(analysis.series) == ['burst']
    first, second = analysis.problems()
    assert 'in several splits' in first and 'a.png' in first and 'e.png' in first
    assert 'with different classes' in second and report.has_problems
    text = report.text()
    assert (
        'near-identical images in different splits, pairs: 1 of test and train' in text
    )
    assert 'train lacks <script>&' in text


class Page(HTMLParser):
    """Checks that elements are closed in order; gathers images and words."""

    def __init__(self, path):
        super().__init__()
        self.open, self.images, self.words, self.ids = [], [], [], []
        self.feed(path.read_text(encoding='utf-8'))
        self.close()
        assert not self.open
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        assert tag not in ('script', 'b-', 'link')
        assert attrs.get('href', '#')[0] == '#'
        self.ids += [attrs['id']] if 'id' in attrs else []
        if tag == 'img':
            assert attrs['src'].startswith('data:image/jpeg;base64,')
            self.images.append(attrs['alt'])
        if tag not in ('meta', 'img', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_page(folders, tmp_path, capsys):
    out = tmp_path / 'out'
    with pytest.raises(SystemExit) as status:
        main(['analyse', str(folders), '--out-dir', str(out), '--html'])
    assert status.value.code == 1
    written = capsys.readouterr().out
    page = Page(out / 'report.html')
    said = ' '.join(' '.join(page.words).split())
    assert 'Data set set <b>' in said and '<script>&' in said
    assert 'Groups of identical images: 2 , in several splits 1' in said
    assert 'found the same image in several splits' in said
    shown = {path.rpartition('/')[2] for path in page.images}
    assert {'a.png', 'e.png', 'burst_1.png', 'f.png'} <= shown
    assert (out / 'report.txt').read_text().rstrip() in written
    values = json.loads((out / 'report.json').read_text())['data_sets'][0]
    assert values['splits']['test']['images_of_class']['ok'] == 1
    assert len(values['problems']) == 2
    with pytest.raises(FileExistsError):
        main(['analyse', str(folders), '--out-dir', str(out)])
    with pytest.raises(InputError, match='found no --out-dir'):
        main(['analyse', str(folders), '--html'])


def test_no_more_pictures_than_200(tmp_path):
    for number in range(130):
        folder = tmp_path / f'data/{number:03}'
        folder.mkdir(parents=True)
        for k in range(2):
            cv2.imwrite(str(folder / f'{k}.png'), scene((number, k), (16, 16)))
        cv2.imwrite(str(folder / '2.png'), scene((number, 0), (16, 16)))
    report = analyse(str(tmp_path / 'data'))
    assert len(report.analyses[0].identical) == 130
    report.save(str(tmp_path / 'out'), html=True)
    page = Page(tmp_path / 'out/report.html')
    assert 150 < len(page.images) <= 200


def test_a_class_that_was_taken_in_another_way(tmp_path):
    """All dark images are bad ones: a model may learn the light."""
    for number in range(40):
        kind = 'bad' if number % 4 == 0 else 'ok'
        (tmp_path / kind).mkdir(exist_ok=True)
        picture = scene(number) // (3 if kind == 'bad' else 1)
        cv2.imwrite(str(tmp_path / kind / f'{number}.png'), picture)
    (analysis,) = analyse(str(tmp_path)).analyses
    expected = '10 of the 10 dark images are of bad: a model may learn'
    assert any(line.startswith(expected) for line in analysis.warnings())


def test_images_of_a_12_bit_camera(tmp_path):
    for number in range(3):
        (tmp_path / 'ok').mkdir(exist_ok=True)
        picture = scene(number)[..., 0].astype(np.uint16) * 8  # none above 2047
        picture[0, 0] = 1000 + 900 * number
        cv2.imwrite(str(tmp_path / f'ok/{number}.png'), picture)
    report = analyse(str(tmp_path))
    assert 'pixels: 16 bit grey (3)' in report.text()
    assert '0 to 4095' in report.text() and '(depth=12 in the config)' in report.text()


def test_wrong_labels_end_it_but_of_yolo_all_are_listed(generate):
    root = generate('surface-defects')
    path = root / 'train/annotations.json'
    content = json.loads(path.read_text())
    content['annotations'][0]['bbox'] = [9999, 9999, 5, 5]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match='expected one on the 160x128 image'):
        analyse(str(root))

    root = generate('product-code', (480, 640))
    for label in list((root / 'train/labels').iterdir())[:2]:
        label.write_text('99 0.5 0.5 0.1 0.1\n')
    report = analyse(str(root))
    assert not report.analyses and 'found class 99' in report.failed[0]
    assert len(report.roi.problems) == 2 and report.has_problems
    assert 'no figures: ' in report.text()


def test_images_that_cannot_be_decoded_are_problems(folders):
    damaged = folders / 'train/ok/b.png'
    content = bytearray(damaged.read_bytes())
    content[200:400] = bytes(200)
    damaged.write_bytes(content)
    (analysis,) = analyse(str(folders)).analyses
    assert any(str(damaged) in line for line in analysis.problems())
    assert len(analysis.images) == 6


def test_options_of_the_importer(tmp_path):
    """Images without a label are left out and noted, or taken as background."""
    root = tmp_path / 'data'
    for folder in ('images', 'labels'):
        (root / folder).mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(root / f'images/{number}.png'), scene(number))
    (root / 'labels/0.txt').write_text('0 0.5 0.5 0.5 0.5\n')
    names = ImportOptions(classes=['pit'])
    (split,) = analyse(str(root), names).analyses[0].splits
    assert (split.name, split.images, split.empty) == ('all', 1, 0)
    taken = ImportOptions(classes=['pit'], unlabelled='background')
    analysis = analyse(str(root), taken).analyses[0]
    assert (analysis.splits[0].images, analysis.splits[0].empty) == (3, 2)
    assert any('taken as background' in note for note in analysis.notes)
