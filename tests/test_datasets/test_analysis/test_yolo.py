# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.datasets.analysis.yolo import analyse_dataset, find_splits, recommend_roi
from mmacnn.datasets.analysis.yolo_report import draw_report, format_report, save_report

TOOL = Path(__file__).parents[3] / 'tools' / 'analysis_tools' / 'analyse_dataset.py'


def run_tool(monkeypatch, *arguments):
    """Exit status of tools/analysis_tools/analyse_dataset.py."""
    monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
    try:
        runpy.run_path(str(TOOL), run_name='__main__')
    except SystemExit as stop:
        return stop.code
    return 0


@pytest.fixture
def two_splits(yolo_data, tmp_path):
    """The data of one folder, as ``train`` and ``test``."""
    root = tmp_path / 'both'
    root.mkdir()
    yolo_data.rename(root / 'train')
    for folder in ('images', 'labels'):
        (root / 'test' / folder).mkdir(parents=True)
        for path in (root / 'train' / folder).iterdir():
            (root / 'test' / folder / path.name).write_bytes(path.read_bytes())
    (root / 'train' / 'classes.txt').rename(root / 'classes.txt')
    return root


def test_recommended_roi_by_hand():
    # 32x18 wide and high: the geometric mean is 24, so 56 and 42, in eights 56 and 48.
    sizes = np.array([[32.0, 18.0]] * 10)
    assert recommend_roi(sizes, (480, 640)) == ((48, 56), (88, 104))
    # Characters of a 10 px high print: enlarged twofold, no more.
    roi, output = recommend_roi(np.array([[40.0, 10.0]]), (480, 640))
    assert roi == (32, 64) and output == (64, 128)
    # A large object: not reduced, a small margin, and not beyond the image.
    assert recommend_roi(np.array([[100.0, 90.0]]), (140, 160)) == ((112, 120),) * 2
    assert recommend_roi(np.array([[100.0, 110.0]]), (120, 160)) == ((120, 120),) * 2
    assert recommend_roi(np.array([[40.0, 60.0]]), (480, 640)) == ((112, 96),) * 2


def test_chips_that_fill_half_of_the_image(two_splits):
    """The whole image is no ROI, and the report says that A-CNN gains little."""
    for path in (two_splits / 'train' / 'labels').iterdir():
        path.write_text('0 0.5 0.5 0.5 0.4\n')
    report = analyse_dataset(str(two_splits), input_size=(512, 640))
    # 320x204.8, and a fifth of each side: 384 and 246, in eights 248.
    assert report.roi_size == report.output_size == (248, 384)
    assert report.has_large_objects
    assert 'A-CNN gains little' in format_report(report)
    small = analyse_dataset(str(two_splits / 'test'), ['A1', 'B2', 'C3'])
    assert not small.has_large_objects
    assert 'gains little' not in format_report(small)


def test_roi_holds_nearly_all_objects_with_room():
    sizes = np.random.RandomState(0).uniform(10, 60, (500, 2))
    (height, width), _ = recommend_roi(sizes, (480, 640))
    fits = (sizes[:, 0] < width) & (sizes[:, 1] < height)
    assert fits.all() and height % 8 == 0 and width % 8 == 0


def test_report_of_good_data(yolo_data):
    report = analyse_dataset(str(yolo_data))
    (split,) = report.splits
    assert report.problems == [] and report.classes == ('A1', 'B2', 'C3')
    assert report.input_size == (48, 64)
    assert len(split.samples) == 4
    np.testing.assert_allclose(
        split.object_sizes((48, 64)), [[16, 6], [8, 12], [32, 24]]
    )
    np.testing.assert_allclose(split.object_sizes((96, 64))[0], [16, 12])
    np.testing.assert_allclose(split.area_ratios(), [1 / 32, 1 / 32, 1 / 4])
    np.testing.assert_allclose(split.centres(), [[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]])
    text = format_report(report)
    assert 'good images 4, boxes 3, problems 0' in text
    assert 'Problems: none' in text
    rows = [line.split() for line in text.splitlines()]
    assert ['A1', '2', '1'] in rows and ['B2', '1', '1'] in rows
    assert f'roi_size={report.roi_size},' in text
    assert f'output_size={report.output_size},' in text


def test_splits_are_told_apart(two_splits):
    (two_splits / 'test' / 'labels' / 'c.txt').write_text('2 0.5 0.5 1 1')
    report = analyse_dataset(str(two_splits), input_size=(480, 640))
    assert [split.name for split in report.splits] == ['train', 'test']
    # The test images have no say in the size of the ROI.
    assert report.roi_source == ['train']
    train = report.splits[0].object_sizes((480, 640))
    assert report.roi_size == recommend_roi(train, (480, 640))[0]


def test_every_problem_is_found(two_splits):
    train, test = two_splits / 'train', two_splits / 'test'
    (train / 'labels' / 'a.txt').write_text('7 0.5 0.5 0.1 0.1')
    (train / 'labels' / 'b.txt').unlink()
    (train / 'labels' / 'z.txt').write_text('0')
    # Damage in the middle of a file whose end is intact, and a wrong label besides.
    damaged = train / 'images' / 'c.png'
    content = bytearray(damaged.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 9] = bytes(9)
    damaged.write_bytes(content)
    (train / 'labels' / 'c.txt').write_text('0 0.5')
    (test / 'images' / 'a.png').write_bytes(b'')
    for path in (test / 'images').glob('b.*'):
        path.unlink()
    report = analyse_dataset(str(two_splits))
    found = {problem.path for problem in report.splits[0].problems}
    names = ('labels/a.txt', 'labels/b.txt', 'labels/z.txt', 'images/c.png')
    assert {str(train / name) for name in (*names, 'labels/c.txt')} <= found
    found = {problem.path for problem in report.splits[1].problems}
    assert found == {str(test / 'images' / 'a.png'), str(test / 'labels' / 'b.txt')}
    text = format_report(report)
    assert all(problem.message in text for problem in report.problems)
    assert f'Problems: {len(report.problems)}' in text


def test_training_set_without_boxes(two_splits):
    for path in (two_splits / 'train' / 'labels').iterdir():
        path.write_text('0')
    report = analyse_dataset(str(two_splits))
    assert 'found no box in the whole training set' in report.problems[0].message
    assert report.roi_source == ['test']
    for path in (two_splits / 'test' / 'labels').iterdir():
        path.write_text('0')
    report = analyse_dataset(str(two_splits))
    assert report.roi_size is None
    assert 'no roi_size can be recommended' in format_report(report)
    assert draw_report(report).axes


def test_split_with_no_labels_folder(yolo_data):
    for path in (yolo_data / 'labels').iterdir():
        path.unlink()
    (yolo_data / 'labels').rmdir()
    (problem,) = analyse_dataset(str(yolo_data)).problems
    assert f'{yolo_data / "labels"}: found no such folder' in problem.message


def test_find_splits(two_splits, tmp_path):
    assert [name for name, _ in find_splits(str(two_splits))] == ['train', 'test']
    assert find_splits(str(two_splits / 'test')) == [('test', str(two_splits / 'test'))]
    with pytest.raises(FileNotFoundError, match='neither the folders images and lab'):
        find_splits(str(two_splits / 'test' / 'images'))
    with pytest.raises(FileNotFoundError, match='nowhere: found no such folder'):
        find_splits(str(tmp_path / 'nowhere'))


def test_saved_report(two_splits, tmp_path):
    report = analyse_dataset(str(two_splits))
    out = tmp_path / 'new' / 'out'
    text, picture = save_report(report, str(out))
    assert Path(text).read_text().rstrip() == format_report(report)
    assert cv2.imread(picture).std() > 0
    assert sorted(path.name for path in out.iterdir()) == ['report.png', 'report.txt']
    with pytest.raises(FileExistsError, match='out: expected a new or empty folder'):
        save_report(report, str(out))


def test_tool(two_splits, tmp_path, monkeypatch, capsys):
    make_different(two_splits)
    out = tmp_path / 'out'
    arguments = (two_splits, '--out-dir', out, '--input-size', '480x640')
    assert run_tool(monkeypatch, *arguments) == 0
    out_text = capsys.readouterr().out
    assert 'for input 480x640: Resize with scale=(640, 480)' in out_text
    assert (out / 'report.png').is_file()

    assert run_tool(monkeypatch, *arguments) == 2
    assert capsys.readouterr().err.count('\n') == 1

    (two_splits / 'train' / 'labels' / 'a.txt').write_text('7')
    assert run_tool(monkeypatch, two_splits) == 1
    assert 'a.txt, line 1: found class 7' in capsys.readouterr().out
    (two_splits / 'classes.txt').unlink()
    assert run_tool(monkeypatch, two_splits, '--classes', *'abcdefgh') == 0
    names = tmp_path / 'names.txt'
    names.write_text('\n'.join('abcdefgh'))
    assert run_tool(monkeypatch, two_splits, '--classes', names) == 0


def make_different(root):
    """Give each image pixels of its own."""
    for seed, path in enumerate(sorted(root.rglob('*.png'))):
        pixels = np.random.RandomState(seed).randint(0, 256, (48, 64, 3), np.uint8)
        cv2.imwrite(str(path), pixels)


def test_tool_misuse(two_splits, tmp_path, monkeypatch, capsys):
    assert run_tool(monkeypatch, tmp_path / 'nowhere') == 2
    assert 'nowhere: no such file or folder' in capsys.readouterr().err
    (two_splits / 'classes.txt').unlink()
    assert run_tool(monkeypatch, two_splits) == 2
    assert 'classes.txt: found no such file' in capsys.readouterr().err


def test_several_labels_on_an_image(yolo_data, monkeypatch):
    make_different(yolo_data)
    (yolo_data / 'labels' / 'a.txt').write_text('0 .5 .5 .1 .1\n1 .5 .5 .2 .2\n')
    assert run_tool(monkeypatch, yolo_data) == 1
    assert run_tool(monkeypatch, yolo_data, '--largest') == 0


def test_real_photographs(product_code_data):
    classes = ['1069', '1071', '3707', '3709']
    report = analyse_dataset(str(product_code_data), classes)
    assert report.problems == []
    # What the paper is about: an object of about 0.2 % of the image.
    assert 0.001 < np.median(report.splits[0].area_ratios()) < 0.004
