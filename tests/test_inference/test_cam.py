# Copyright (c) mmacnn authors. All rights reserved.
"""CAM classifiers: predictions with regions, and the threshold that makes them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from mmacnn.apis import choose_map_threshold, reported_images
from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector
from mmacnn.registry import MODELS
from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.utils import InputError

ROOT = Path(__file__).parents[2]
BASE = ROOT / 'configs/cam/cam_strided-s16_20e_synthetic-defect-folders.py'


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Images of both classes, a config that reads them, and random weights."""
    root = tmp_path_factory.mktemp('cam')
    write_dataset(TASKS['defect-folders'], root / 'data', dict(test=4), (96, 128), 0)
    (root / 'mine.py').write_text(
        f'_base_ = [{str(BASE)!r}]\n'
        'test_dataloader = dict(num_workers=0, persistent_workers=False, '
        f'dataset=dict(data_root={str(root / "data")!r}))\n'
        'val_dataloader = test_dataloader\n'
        f'work_dir = {str(root / "work")!r}\n'
    )
    torch.manual_seed(0)
    model = MODELS.build(load_config(str(root / 'mine.py')).model)
    torch.save(dict(state_dict=model.state_dict()), root / 'weights.pth')
    return root


@pytest.fixture
def inspector(root):
    return Inspector(str(root / 'mine.py'), str(root / 'weights.pth'), device='cpu')


def images_of(root):
    return sorted(map(str, root.glob('data/test/images/*/*.jpg')))


def test_defect_regions(root, inspector):
    file = images_of(root)[0]
    (first,) = inspector(file)
    limit = first.heatmap.max() - 0.02
    inspector.inferencer.model.head.map_threshold = float(limit)
    (result,) = inspector(file)
    assert result.class_name in ('good', 'defective')
    areas = [found.area for found in result.detections]
    assert sum(areas) == pytest.approx(result.mask.mean(), abs=0.01)
    assert areas == sorted(areas, reverse=True) and areas[0] > 0
    assert all(found.score is None for found in result.detections)
    for found in result.detections:
        length, width = found.sides
        assert length >= width > 0 and length * width >= found.area * 96 * 128 - 1e-3
    left, top, right, bottom = result.detections[0].box
    assert 0 <= left < right <= 128 and 0 <= top < bottom <= 96


def test_images_of_different_sizes_in_a_batch(inspector):
    random = np.random.default_rng(0)
    sizes = (96, 128), (70, 161), (97, 128)
    images = [random.integers(0, 256, (*size, 3), np.uint8) for size in sizes]
    alone = list(inspector(images, batch_size=1))
    for one, other in zip(alone, inspector(images, batch_size=3), strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-6)
        np.testing.assert_allclose(one.heatmap, other.heatmap, rtol=0, atol=1e-5)
        assert one.mask.shape == one.heatmap.shape
    inspector.inferencer.model.takes_several_sizes = False  # as an exported one
    with pytest.raises(InputError, match='found 70x161 pixels in a batch with'):
        list(inspector(images, batch_size=3))


def test_chosen_threshold_is_in_the_new_config(root, tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr(
        reported_images, 'print_log', lambda line, **_: lines.append(line)
    )
    out = tmp_path / 'chosen.py'
    line = choose_map_threshold(
        str(root / 'mine.py'), str(root / 'weights.pth'), str(out)
    )
    (warning,) = lines
    assert warning.startswith('4 of the 4 images of val_dataloader, on which')
    assert re.search(r'of all the highest Dice, \d+\.\d %$', line)
    cfg = load_config(str(out))
    assert f'threshold {cfg.model.head.map_threshold:.4g}, ' in line
    assert cfg.model.head.type == 'mmacnn.CAMHead'
    with pytest.raises(FileExistsError, match='name a new file'):
        choose_map_threshold(str(root / 'mine.py'), str(root / 'weights.pth'), str(out))


def test_threshold_of_good_images(root, inspector, tmp_path):
    out = str(tmp_path / 'chosen.py')
    config, weights = str(root / 'mine.py'), str(root / 'weights.pth')
    keys = dict(max_fpr=0.5, dataloader='test_dataloader')
    line = choose_map_threshold(config, weights, out, **keys)
    assert 'expected false positive rate at most 33.3 %, from 2 good images' in line
    good = sorted(map(str, root.glob('data/test/images/good/*.jpg')))
    peaks = [result.heatmap.max() for result in inspector(good)]
    found = load_config(out).model.head.map_threshold
    assert found == pytest.approx(max(peaks), abs=2e-4)
    for wrong, message in (
        (dict(max_fpr=1.5), 'max_fpr: found 1.5'),
        (dict(max_fpr=0.5, dataloader='none'), "expected the key 'none'"),
    ):
        with pytest.raises(InputError, match=message):
            choose_map_threshold(config, weights, str(tmp_path / 'b.py'), **wrong)


def test_threshold_without_masks(root, tmp_path):
    out = str(tmp_path / 'chosen.py')
    config, weights = str(root / 'mine.py'), str(root / 'weights.pth')
    with pytest.raises(ValueError, match='found no masks to choose by'):
        options = dict(val_evaluator=[dict(type='mmpretrain.Accuracy')])
        choose_map_threshold(config, weights, out, cfg_options=options)
    with pytest.raises(ValueError, match='expected a name ending in .py'):
        choose_map_threshold(config, weights, str(tmp_path / 'chosen'))


def test_tool_ends_a_mistake_with_one_line(root):
    tool = ROOT / 'tools/analysis_tools/choose_map_threshold.py'
    command = [sys.executable, tool, root / 'mine.py', 'none.pth', 'out.py']
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=root, env=environment
    )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith('error: none.pth: no such')
