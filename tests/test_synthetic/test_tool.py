# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import sys
from pathlib import Path

import cv2
import pytest

from mmacnn.synthetic import TASKS

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools' / 'make_synthetic_dataset.py'


@pytest.fixture
def run_tool(monkeypatch):
    """Run the tool in this process: importing the package anew takes seconds."""
    monkeypatch.syspath_prepend(str(ROOT))

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
        runpy.run_path(str(TOOL), run_name='__main__')

    return run


def test_writes_a_data_set(run_tool, tmp_path):
    out = tmp_path / 'new' / 'data'
    run_tool(
        *(out, '--task', 'product-code', '--num-train', 3, '--num-test', 2),
        *('--size', '96x128', '--seed', 1, '--num-workers', 1),
    )
    assert len(list((out / 'train' / 'images').iterdir())) == 3
    assert len(list((out / 'test' / 'labels').iterdir())) == 2


def test_labels_of_a_turned_camera_are_oriented(run_tool, tmp_path):
    counts = ('--num-train', 2, '--num-test', 1, '--num-workers', 1)
    run_tool(tmp_path / 'data', *counts, '--size', '96x128', '--rotate', 180)
    for path in (tmp_path / 'data').glob('*/labels/*.txt'):
        (line,) = path.read_text().splitlines()
        assert len(line.split()) == 9


@pytest.mark.parametrize(
    'task, size, images',
    [
        ('product-code', (480, 640), 'test/images'),
        ('product-code-wide', (480, 640), 'test/images'),
        ('surface-defects', (320, 320), 'test/images'),
        ('defect-folders', (160, 160), 'test/images/*'),
        ('regions', (160, 160), 'test/images'),
        ('anomaly', (256, 256), 'test/*'),
    ],
)
def test_each_task_has_its_default_size(run_tool, tmp_path, task, size, images):
    counts = ('--num-train', 1, '--num-test', 1, '--num-workers', 1)
    run_tool(tmp_path / 'data', '--task', task, *counts)
    (image,) = (tmp_path / 'data').glob(f'{images}/*.*')
    assert cv2.imread(str(image)).shape == (*size, 3)


def test_help_names_every_task(run_tool, capsys):
    with pytest.raises(SystemExit):
        run_tool('--help')
    # argparse breaks lines at hyphens too.
    text = ''.join(capsys.readouterr().out.split())
    for name, task in TASKS.items():
        assert f'{task.size[0]}x{task.size[1]}for{name}' in text


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--task', 'bottles'], "--task: invalid choice: 'bottles'"),
        (['--size', '480'], "--size: found '480', expected HEIGHTxWIDTH"),
        (['--size', '48x64'], 'found 48x64, expected sides from 96'),
        (['--num-train', '0'], "--num-train: found '0', expected a whole number"),
        (['--seed', '-1'], "--seed: found '-1', expected a whole number"),
    ],
)
def test_bad_arguments(run_tool, tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit) as error:
        run_tool(tmp_path / 'data', *arguments)
    assert error.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_full_folder(run_tool, tmp_path, capsys):
    (tmp_path / 'mine.txt').write_text('precious')
    with pytest.raises(SystemExit) as error:
        run_tool(tmp_path, '--num-train', 1, '--num-test', 1)
    assert error.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and str(tmp_path) in lines[0] and 'expected' in lines[0]
    assert [p.name for p in tmp_path.iterdir()] == ['mine.txt']


def test_parent_is_a_file(run_tool, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SystemExit) as error:
        run_tool(tmp_path / 'file' / 'data', '--num-train', 1, '--num-test', 1)
    assert error.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
