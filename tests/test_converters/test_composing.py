# Copyright (c) mmacnn authors. All rights reserved.
"""tools/compose_dataset.py: labels found again in the pixels."""

import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmacnn.converters.composing import ComposeOptions, compose_dataset
from mmacnn.converters.composing.material import read_materials
from mmacnn.converters.labels import ImportOptions, read_labels
from mmacnn.converters.labels.masks import run_lengths
from mmacnn.utils import InputError

TOOL = Path(__file__).parents[2] / 'tools' / 'compose_dataset.py'
SIZE = (120, 160)
CENTRE, SIDES = (70.0, 60.0), (40.0, 16.0)
PLAIN = dict(brightness=0, gamma=0, blur=0, jpeg=(100, 100), scale_range=(0.7, 1.2))
NAMES = ImportOptions(classes=['a', 'b'])


def draw(angle: float) -> tuple[np.ndarray, np.ndarray]:
    """A light rectangle on black, its upper left half darker; and its corners."""
    high, wide = np.array(SIDES[::-1]) / 2
    turn = np.radians(angle)
    axes = np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    corners = np.array([(-wide, -high), (wide, -high), (wide, high), (-wide, high)])
    corners = corners @ axes + CENTRE
    image = np.zeros((*SIZE, 3), np.uint8)
    first = (corners + corners[[0, 0, 3, 3]]) / 2  # the left half
    for points, level in ((corners, 250), (first, 180)):
        fixed = np.rint((points - 0.5) * 16).astype(np.int32)
        cv2.fillConvexPoly(image, fixed, (level,) * 3, cv2.LINE_8, 4)
    return image, corners


def write(folder: Path, stem: str, image: np.ndarray, lines: str) -> None:
    for part in ('images', 'labels'):
        (folder / part).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / 'images' / f'{stem}.png'), image)
    (folder / 'labels' / f'{stem}.txt').write_text(lines)


def line(number: int, points: np.ndarray) -> str:
    low, high = points.min(0) / SIZE[::-1], points.max(0) / SIZE[::-1]
    return ' '.join(map(str, (number, *(low + high) / 2, *(high - low)))) + '\n'


@pytest.fixture(scope='module')
def photographs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('photographs')
    for number in range(8):
        image, corners = draw(0)
        write(folder, f'p{number}', image, line(number % 2, corners))
    return folder


def source_of(kind: str, folder: Path) -> None:
    """One photograph with its label, of some kind."""
    image, corners = draw(0 if kind in ('box', 'exif') else 20)
    if kind == 'mask':
        for part in ('images', 'masks'):
            (folder / part).mkdir()
        mask = (image[..., 0] > 128).astype(np.uint8)
        assert run_lengths(mask)
        cv2.imwrite(str(folder / 'images/a.png'), image)
        cv2.imwrite(str(folder / 'masks/a.png'), mask * 255)
    elif kind == 'oriented':
        numbers = (corners / SIZE[::-1]).ravel()
        write(folder, 'a', image, ' '.join(map(str, (0, *numbers))) + '\n')
    else:
        write(folder, 'a', image, line(0, corners))
    if kind == 'exif':  # stored lying on its side
        (folder / 'images/a.png').unlink()
        exif = Image.Exif()
        exif[0x0112] = 6
        lying = Image.fromarray(np.rot90(image).copy())
        lying.save(folder / 'images/a.jpg', exif=exif, quality=100)


@pytest.mark.parametrize('kind', ['box', 'oriented', 'mask', 'grabcut', 'exif'])
@pytest.mark.parametrize('to', ['coco', 'yolo', 'yolo-obb'])
def test_labels_are_where_the_pixels_are(tmp_path, kind, to):
    (tmp_path / 'from').mkdir()
    source_of(kind, tmp_path / 'from')
    pose = dict(size=(150, 170), rotate=180, grabcut=kind == 'grabcut')
    options = ComposeOptions(to, **pose, **PLAIN)
    names = None if kind == 'mask' else ImportOptions(classes=['a'])
    out = tmp_path / 'out'
    compose_dataset(str(tmp_path / 'from'), str(out), {'train': 6}, options, names)
    dataset = read_labels(str(out))[0]
    assert len(dataset.images) == 6
    for labelled in dataset.images:
        image = cv2.imread(labelled.path, cv2.IMREAD_GRAYSCALE)
        (item,) = labelled.objects
        rows, columns = np.nonzero(image > 110)
        found = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
        assert np.abs(np.subtract(found, item.box)).max() < 1.6
        if to == 'yolo-obb':
            corners = np.reshape(item.outline, (4, 2))
            # The half at the first corner is the darker one.
            middle = corners.mean(0)
            left, right = (
                image[tuple(np.int64(middle + (ends.mean(0) - middle) / 2)[::-1])]
                for ends in (corners[[0, 3]], corners[[1, 2]])
            )
            assert 150 < left < 210 < right


def test_each_number_of_objects_and_none_hidden(photographs, tmp_path):
    options = ComposeOptions(objects=(0, 3), rotate=40, **PLAIN)
    out = tmp_path / 'out'
    report = compose_dataset(str(photographs), str(out), {'train': 8}, options, NAMES)
    counts = []
    for path in (out / 'train/labels').iterdir():
        counts.append(len(path.read_text().splitlines()))
        image = cv2.imread(str(out / 'train/images' / f'{path.stem}.jpg'), 0)
        parts = cv2.connectedComponents((image > 90).astype(np.uint8))[0] - 1
        assert parts == counts[-1]
    assert sorted(counts) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert report.images == {'train': 8}
    assert sum(report.objects['train'].values()) == 12


def test_any_number_of_processes_makes_the_same(photographs, tmp_path):
    def content(name, workers, seed=0):
        options = ComposeOptions(objects=(0, 2), seed=seed)
        counts = {'train': 6, 'val': 2}
        out = tmp_path / name
        compose_dataset(
            str(photographs), str(out), counts, options, NAMES, num_workers=workers
        )
        files = sorted(p for p in out.rglob('*') if p.suffix in ('.jpg', '.txt'))
        return [p.read_bytes() for p in files]

    one = content('one', 1)
    assert one == content('two', 2)
    assert one != content('other', 1, seed=1)


def test_validation_has_photographs_of_its_own(photographs, tmp_path):
    both = read_materials(str(photographs), ('train', 'val'), 0.25, NAMES)
    train, val = (
        {image.path for image in both.splits[split].photographs}
        for split in ('train', 'val')
    )
    assert len(train) == 6 and len(val) == 2 and not train & val
    assert not any('too few' in note for note in both.notes.lines())
    image, corners = draw(0)
    write(tmp_path, 'only', image, line(0, corners))
    few = read_materials(str(tmp_path), ('train', 'val'), 0.25, NAMES)
    assert few.splits['val'].objects.keys() == {'a'}
    assert any('too few' in note for note in few.notes.lines())


def test_backgrounds_of_a_folder(photographs, tmp_path):
    (tmp_path / 'grey').mkdir()
    cv2.imwrite(str(tmp_path / 'grey/a.png'), np.full((50, 90, 3), 60, np.uint8))
    options = ComposeOptions(objects=(0, 0), decoys=(0, 0), **PLAIN)
    out = tmp_path / 'out'
    folder = str(tmp_path / 'grey')
    compose_dataset(str(photographs), str(out), {'train': 1}, options, NAMES, folder)
    (path,) = (out / 'train/images').iterdir()
    image = cv2.imread(str(path))
    assert image.shape[:2] == SIZE and np.ptp(image) <= 2


def test_damaged_photographs_are_counted(tmp_path):
    image, corners = draw(0)
    for stem in 'ab':
        write(tmp_path / 'from', stem, image, line(0, corners))
    (tmp_path / 'from/images/b.png').write_bytes(b'no picture')
    report = compose_dataset(
        str(tmp_path / 'from'), str(tmp_path / 'out'), {'train': 1}, None, NAMES
    )
    assert any(note.startswith('1 x image that cannot') for note in report.notes)


@pytest.mark.parametrize(
    ('lines', 'message'),
    [
        ('', 'found no box on any of 1 images'),
        ('0 0.5 0.5 1 1\n', 'among 1 (0 in parts that are not used, 1 as large as'),
        ('0 0.5 0.5 0.01 0.01\n', '1 of less than 4 pixels'),
    ],
)
def test_nothing_to_cut_out(tmp_path, lines, message):
    write(tmp_path / 'from', 'a', draw(0)[0], lines)
    (tmp_path / 'from/classes.txt').write_text('a\nb\n')
    with pytest.raises(InputError) as error:
        compose_dataset(str(tmp_path / 'from'), str(tmp_path / 'out'), {'train': 1})
    assert message in str(error.value) and '\n' not in str(error.value)
    assert not (tmp_path / 'out').exists()


def test_tool(photographs, tmp_path, monkeypatch, capsys):
    def run(*arguments):
        command = [TOOL, photographs, tmp_path / 'out', '--num-workers', 1, *arguments]
        monkeypatch.setattr(sys, 'argv', [str(word) for word in command])
        runpy.run_path(str(TOOL), run_name='__main__')

    with pytest.raises(SystemExit):
        run('--scale-range', 2, 1, '--classes', 'a', 'b')
    assert 'expected the smallest value first' in capsys.readouterr().err
    run('--num-train', 2, '--num-val', 1, '--objects', 0, 2, '--classes', 'a', 'b')
    assert 'val: 1 images' in capsys.readouterr().out
    assert (tmp_path / 'out/classes.txt').read_text() == 'a\nb\n'
    assert (tmp_path / 'out/compose.txt').is_file()
    with pytest.raises(SystemExit):
        run()
    assert 'expected a new or empty folder' in capsys.readouterr().err
