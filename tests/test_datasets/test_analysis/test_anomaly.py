# Copyright (c) mmacnn authors. All rights reserved.
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmacnn.datasets.analysis.anomaly import (
    format_category_reports,
    has_categories,
    inspect_categories,
)

TOOL = Path(__file__).parents[3] / 'tools/analysis_tools/analyse_dataset.py'


def write(path, seed, size=(8, 12)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(1, 255, size).astype(np.uint8)
    cv2.imwrite(str(path), pixels)


@pytest.fixture
def root(tmp_path):
    """Two categories without a mistake."""
    for seed, category in enumerate(('bottle', 'cable')):
        folder = tmp_path / 'data' / category
        for number in range(3):
            write(folder / f'train/good/{number}.png', (seed, number, 0))
            write(folder / f'test/good/{number}.png', (seed, number, 1), (8, 12, 3))
        write(folder / 'test/crack/0.png', (seed, 2), (9, 9))
        write(folder / 'ground_truth/crack/0_mask.png', (seed, 3), (9, 9))
    return tmp_path / 'data'


def problems(root):
    reports = inspect_categories(str(root))
    return [problem.message for report in reports for problem in report.problems]


def test_what_is_there(root):
    assert has_categories(str(root)) and has_categories(str(root / 'bottle'))
    reports = inspect_categories(str(root))
    assert not problems(root)
    assert [report.name for report in reports] == ['bottle', 'cable']
    assert dict(reports[0].folders) == {
        'train/good': 3,
        'test/good': 3,
        'test/crack': 1,
    }
    assert reports[0].sizes == {(8, 12): 6, (9, 9): 1}
    assert reports[0].modes == {'L': 4, 'RGB': 3}
    text = format_category_reports(reports)
    assert (
        '  test/crack: 1\n  most common sizes (height x width): 8x12 (6), 9x9' in text
    )
    assert inspect_categories(str(root / 'cable'))[0].name == 'cable'


def test_other_layouts(tmp_path):
    (tmp_path / 'train/images').mkdir(parents=True)
    assert not has_categories(str(tmp_path))
    assert not has_categories(str(tmp_path / 'absent'))


def test_all_problems_are_found_at_once(root):
    bottle = root / 'bottle'
    (bottle / 'train/good/1.png').write_bytes(b'no picture')
    write(bottle / 'ground_truth/crack/0_mask.png', 0, (9, 8))
    (bottle / 'test/good/2.png').write_bytes((bottle / 'train/good/0.png').read_bytes())
    mask = root / 'cable/ground_truth/crack/0_mask.png'
    cv2.imwrite(str(mask), np.zeros((9, 9), np.uint8))
    write(root / 'cable/train/scratch/0.png', 9)
    found = problems(root)
    for part in (
        'train/good/1.png: found an unreadable',
        'crack/0_mask.png: found 9x8, expected a mask of 9x9 pixels',
        'test/good/2.png: found the same image as',
        'cable/train/scratch: found a folder that is not',
        'crack/0_mask.png: found no defect in the mask',
    ):
        assert sum(part in message for message in found) == 1, part
    assert len(found) == 5


@pytest.mark.slow
def test_tool(root, tmp_path):
    (root / 'cable/train/good/1.png').write_bytes(b'')
    done = subprocess.run(
        [sys.executable, TOOL, root, '--out-dir', tmp_path / 'report'],
        capture_output=True,
        text=True,
        env={'PYTHONPATH': str(TOOL.parents[2])},
    )
    assert done.returncode == 1, done.stderr
    text = (tmp_path / 'report/report.txt').read_text()
    assert 'problems: 1' in text and text in done.stdout
