# Copyright (c) mmacnn authors. All rights reserved.
"""Photographs that become several times smaller on their way into a model."""

import cv2
import numpy as np
import pytest

from mmacnn.cli.command_line import main
from mmacnn.inference import Inspector, box_region, shrinkage
from mmacnn.inference.shrinkage import Shrinkage

from ..testing.methods import METHODS, random_weights
from ..testing.paths import ROOT
from ..testing.tiny import write_tiny_config


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(shrinkage, 'print_log', lambda line, **_: lines.append(line))
    return lines


def test_it_warns_once(said):
    seen = Shrinkage()
    seen.note('a.jpg', (600, 800), 3.9)
    assert (seen.summary(), said) == ('', [])
    seen.note('b.jpg', (1920, 2560), 8.0)
    seen.note('c.jpg', (1920, 1920), 6.0)
    (line,) = said
    assert line.startswith('b.jpg: 2560x1920 pixels are made 8.0 times smaller')
    assert 'what is below 16 to 24 pixels there' in line
    assert seen.summary().startswith('2 images made up to 8.0 times smaller: ')


SMALL = "dict(type='Resize', scale=(32, 32))"
STEPS = {
    'to a size': ([SMALL], 8.0),
    'with its ratio': (["dict(type='Resize', scale=(32, 32), keep_ratio=True)"], 8.0),
    'a little': (["dict(type='Resize', scale=(80, 60))"], 0.0),
    'not at all': ([], 0.0),
    'a crop': (["dict(type='CenterCrop', crop_size=32)"], 0.0),
    'a crop of a small one': (
        ["dict(type='ResizeEdge', scale=32)", "dict(type='CenterCrop', crop_size=16)"],
        6.0,
    ),
}


@pytest.mark.parametrize('steps', STEPS)
def test_pipelines(steps, tmp_path, said):
    steps, factor = STEPS[steps]
    config = write_tiny_config(tmp_path)
    with config.open('a') as file:
        for step in reversed(steps):
            file.write(f"test_dataloader['dataset']['pipeline'].insert(1, {step})\n")
    weights = random_weights(config, tmp_path / 'tiny.pth')
    inspector = Inspector(str(config), weights, 'cpu')
    images = [np.zeros((192, 256, 3), np.uint8)] * 2
    list(inspector(images))
    assert inspector.shrinkage.factor == pytest.approx(factor, rel=0.02)
    assert len(said) == bool(factor)
    list(inspector([images[0][:20, :30]]))
    assert inspector.shrinkage.summary() == ''  # each call counts its own


def test_the_command_line_says_it_in_the_end(tmp_path, capsys):
    config = write_tiny_config(tmp_path)
    with config.open('a') as file:
        file.write(f"test_dataloader['dataset']['pipeline'].insert(1, {SMALL})\n")
    weights = random_weights(config, tmp_path / 'tiny.pth')
    image = str(tmp_path / 'a.png')
    cv2.imwrite(image, np.zeros((192, 256, 3), np.uint8))
    main(['inspect', image, '--model', str(config), '--weights', weights])
    assert capsys.readouterr().out.splitlines()[-2:] == [
        '1 pass',
        'warning: 1 image made up to 8.0 times smaller: what is below 16 to 24 pixels '
        'there is below 2 to 3 then, and vanishes',
    ]


def test_of_regions(tmp_path):
    config = tmp_path / 'tiny.py'
    config.write_text(
        f"_base_ = ['{ROOT / 'configs' / METHODS['roi_mask'].config}']\n"
        'test_pipeline = [dict(type="mmacnn.LoadAnyDepthImage"),'
        'dict(type="mmacnn.LoadRegionMask"),'
        'dict(type="mmacnn.RegionResize", size=32),'
        'dict(type="mmacnn.AddMaskChannel"),'
        'dict(type="mmpretrain.PackInputs", meta_keys=("img_path",))]\n'
        'test_dataloader = dict(dataset=dict(pipeline=test_pipeline))\n'
    )
    weights = random_weights(config, tmp_path / 'tiny.pth')
    regions = [box_region((10, 10, 40, 30))]
    inspector = Inspector(str(config), weights, 'cpu', regions=regions)
    list(inspector(np.zeros((192, 160, 3), np.uint8)))
    assert inspector.shrinkage.factor == 6.0
