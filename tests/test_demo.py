# Copyright (c) mmacnn authors. All rights reserved.
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain import get_model

import mmacnn  # noqa: F401

ROOT = Path(__file__).parents[1]


@pytest.fixture
def trained(tiny_config, tmp_path) -> tuple[str, str]:
    """Config and checkpoint of a small classifier with two classes."""
    config = Config.fromfile(tiny_config)
    # One size for all: its own test pipeline takes images as they are.
    pipeline = config.test_dataloader.dataset.pipeline
    pipeline.insert(1, dict(type='Resize', scale=(24, 24), keep_ratio=False))
    path = tmp_path / 'config.py'
    config.dump(path)
    meta = dict(dataset_meta=dict(classes=('dark', 'light')))
    weights = dict(state_dict=get_model(config).state_dict(), meta=meta)
    torch.save(weights, tmp_path / 'weights.pth')
    return str(path), str(tmp_path / 'weights.pth')


def run_demo(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / 'demo' / 'image_demo.py', *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(
            os.environ,
            PYTHONPATH=os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            PYTHONWARNINGS='ignore',
        ),
    )


def test_folder_with_one_broken_image(trained, tmp_path):
    config, weights = trained
    folder, out_dir = tmp_path / 'in', tmp_path / 'out'
    folder.mkdir()
    cv2.imwrite(str(folder / 'good.png'), np.full((30, 40, 3), 90, dtype=np.uint8))
    (folder / 'broken.png').write_text('not an image')

    done = run_demo(folder, config, '--weights', weights, '--out-dir', out_dir)

    assert done.returncode == 1, done.stderr
    first, *others = done.stdout.splitlines()[-3:]
    assert first.rpartition(':')[0] == str(folder / 'good.png')
    assert others == [
        '1 images could not be read',
        f'pictures and predictions.json: {out_dir}',
    ]
    assert 'broken.png' in done.stdout + done.stderr
    assert (out_dir / 'good.jpg').is_file()
    predictions = json.loads((out_dir / 'predictions.json').read_text())
    assert [Path(item['img_path']).name for item in predictions] == [
        'broken.png',
        'good.png',
    ]


def test_a_mistake_is_one_line(trained, tmp_path):
    config, weights = trained

    done = run_demo(tmp_path / 'nowhere', config, '--weights', weights)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f'error: {tmp_path / "nowhere"}: no such image or folder'
    )
    assert 'Traceback' not in done.stderr
