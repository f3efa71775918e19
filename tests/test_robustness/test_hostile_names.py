# Copyright (c) mmacnn authors. All rights reserved.
"""Names of files and classes that mean something to a terminal, a page or a table."""

import csv
import json
import os

import cv2
import numpy as np
import pytest
from mmpretrain.structures import DataSample

from mmacnn.cli.inspect import describe
from mmacnn.datasets import ClassFolderDataset, YOLORoIDataset
from mmacnn.datasets.analysis.yolo import analyse_dataset
from mmacnn.datasets.analysis.yolo_report import draw_report
from mmacnn.inference.result import Detection, InspectionResult
from mmacnn.inference.result_files import ResultFiles
from mmacnn.reporting import Run, write_report
from mmacnn.utils.text import printable
from mmacnn.utils.user_errors import describe as describe_error
from mmacnn.visualization import RoIVisualizer, name_pictures
from mmacnn.visualization.region_names import draw_region_names

NAMES = {
    'space': 'a b  c',
    'umlaut-nfc': 'Gr\u00f6\u00dfe',
    'umlaut-nfd': 'Gro\u0308\u00dfe',
    'hangul': '\uc81c\ud488',
    'right-to-left': '\u202egnp.exe',
    'newline': 'a\nb',
    'carriage-return': 'a\rb',
    'escape': '\x1b[31mred\x1b[2J',
    'dash': '-rf',
    'dashes': '--help',
    'quotes': 'it\'s "it"',
    'percent': '%d%s%(x)s',
    'bracket': '[bold]a[/bold] [a-z]*?',
    'braces': '{0} {x!r}',
    'dollars': 'a $\\frac{1}$ b $',
    'backslash': 'a\\nb',
    'script': '<script>alert(1)<"><img src=x onerror=alert(1)>{{ 7 * 7 }}{% raw %}',
    'formula': '=1+1',
    'bytes': os.fsdecode(b'caf\xe9'),
    'long': 'x' * 230,
    'dot': 'a.b.c',
    'emoji': '\U0001f4a5',
}
names = pytest.mark.parametrize('name', NAMES.values(), ids=NAMES)
# For what takes most of a second.
WORST = ('newline', 'dollars', 'script', 'bytes', 'hangul')
worst_names = pytest.mark.parametrize('name', [NAMES[n] for n in WORST], ids=WORST)


def file_name(name):
    """The name without what a path may not have in it."""
    return name.replace('/', '_')


@pytest.fixture
def image(tmp_path, request):
    """An image of the name, or a skip where the file system refuses it."""
    path = tmp_path / 'images' / f'{file_name(request.getfixturevalue("name"))}.png'
    path.parent.mkdir()
    content = cv2.imencode('.png', np.full((24, 32, 3), 99, np.uint8))[1].tobytes()
    try:
        path.write_bytes(content)
    except OSError as error:
        pytest.skip(f'a file system without such names: {error}')
    return path


@names
def test_data_sets(image, name, tmp_path):
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels' / f'{image.stem}.txt').write_text('0 0.5 0.5 0.5 0.5')
    (tmp_path / 'labels' / 'odd.txt').write_text('x')
    with pytest.raises(ValueError, match='odd.txt'):
        YOLORoIDataset(str(tmp_path), classes=['a'])
    (tmp_path / 'labels' / 'odd.txt').unlink()
    (item,) = YOLORoIDataset(str(tmp_path), classes=['a'])
    assert item['img_path'] == str(image)


@names
def test_folders_of_classes(image, name, tmp_path):
    folder = file_name(name)
    for kind in (folder, 'a'):
        place = tmp_path / 'data' / kind
        place.mkdir(parents=True)
        (place / image.name).write_bytes(image.read_bytes())
    dataset = ClassFolderDataset(['a', folder], str(tmp_path / 'data'))
    assert [item['gt_label'] for item in dataset] == [0, 1]


@worst_names
def test_inspection_of_a_data_set(image, name, tmp_path):
    """Names in the text and in the picture, which does not take $ for formulas."""
    root = tmp_path / file_name(name)
    root.mkdir()
    image.parent.rename(root / 'images')
    (root / 'labels').mkdir()
    (root / 'labels' / f'{image.stem}.txt').write_text('0 0.5 0.5 0.5 0.5')
    report = analyse_dataset(str(root), ['a'])
    assert not report.problems
    draw_report(report).savefig(tmp_path / 'a.png')


@names
def test_pictures(name, tmp_path):
    """Each picture has a name of its own, which a file system takes."""
    paths = [
        f'{tmp_path}/{folder}/{file_name(name)}.{suffix}'
        for folder in 'ab'
        for suffix in ('png', 'jpg')
    ]
    detections = name_pictures(paths)
    assert len({place.casefold() for place in detections.values()}) == len(paths)
    for place in detections.values():
        path = tmp_path / 'out' / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
        assert (tmp_path / 'out') in path.resolve().parents


def test_a_picture_of_the_longest_name(tmp_path):
    """255 bytes are all that a file system takes, and the picture adds a suffix."""
    for stem in ('x' * 251, '\uc81c' * 83, 'x' * 246 + '.tar'):
        (place,) = name_pictures([f'/data/{stem}.png']).values()
        (tmp_path / place).write_bytes(b'')
    same = [f'/data/{"x" * 249}{end}.png' for end in ('1', '2')]
    assert len(set(name_pictures(same).values())) == 2


def result_of(source, class_name):
    place = Detection((1.0, 2.0, 3.0, 4.0), class_name, 0.5)
    return InspectionResult(source, 'pass', 0, class_name, 0.5, detections=(place,))


@names
def test_results(name, tmp_path):
    """Lines of JSON and CSV that give the names back."""
    source = f'images/{name}.png'
    with ResultFiles(str(tmp_path / 'out'), [source]) as files:
        files.write(result_of(source, name))
        files.write(result_of('second', name))
    lines = (tmp_path / 'out/results.jsonl').read_bytes().splitlines()
    assert len(lines) == 2
    first = json.loads(lines[0])
    assert (first['source'], first['class_name']) == (source, name)
    with open(tmp_path / 'out/results.csv', encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    expected = source.encode('utf-8', 'backslashreplace').decode()
    assert [row['source'] for row in rows] == [expected, 'second']


@names
def test_what_is_printed(name):
    """One line without control characters, which any terminal takes."""
    for text in (
        describe(result_of(f'{name}.png', name)),
        describe_error(ValueError(f'{name}.png: found nothing')),
        printable(name),
    ):
        assert text.isprintable()
        text.encode('utf-8')


@names
def test_drawing(name):
    image = np.full((60, 80, 3), 99, np.uint8)
    mask = np.zeros((60, 80), bool)
    mask[20:40, 20:60] = True
    sample = DataSample().set_pred_label(0)
    for shown in (name, name * 500):
        assert draw_region_names(image, [mask], [shown]).any()
        visualizer = RoIVisualizer()
        visualizer.dataset_meta = dict(classes=[shown])
        assert visualizer.add_datasample(shown, image, sample, out_file=None).any()


def run_of(image, name, **changes):
    prediction = dict(
        img_path=str(image),
        ori_shape=[24, 32],
        gt_label=[0],
        pred_label=[1],
        pred_score=[0.25, 0.75],
        gt_bboxes=[[1, 1, 9, 9]],
        pred_roi=[0.0, 0.0, 9.0, 9.0],
    )
    info = dict(classes=[name, 'good'], config=name, config_text=name, weights=name)
    return Run(name, {name: 1.0}, [prediction | changes], info)


@worst_names
def test_report(image, name, tmp_path):
    """No name becomes markup, and the data in the page are JSON."""
    runs = [run_of(image, name), run_of(image, f'{name} two')]
    write_report(runs, str(tmp_path / 'a.html'), title=name)
    page = (tmp_path / 'a.html').read_text(encoding='utf-8')
    assert '<img src=x' not in page
    assert page.count('<script') == 2
    rows = page.partition('id="rows">')[2].partition('</script>')[0]
    assert json.loads(rows)[0]['truth'] == name


@pytest.mark.parametrize('number', [float('nan'), float('inf'), -float('inf')])
def test_report_of_numbers_that_json_does_not_know(number, tmp_path):
    run = run_of('absent.png', 'a', pred_score=[number, number], pred_roi=[number] * 4)
    write_report([run], str(tmp_path / 'a.html'))
    page = (tmp_path / 'a.html').read_text(encoding='utf-8')
    rows = page.partition('id="rows">')[2].partition('</script>')[0]
    json.loads(rows, parse_constant=lambda name: pytest.fail(name))
