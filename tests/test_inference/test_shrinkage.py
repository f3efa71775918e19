# Copyright (c) mmacnn authors. All rights reserved.
"""Photographs that become several times smaller on their way into a model."""

import numpy as np
import pytest

from mmacnn.inference import Inspector, shrinkage
from mmacnn.inference.shrinkage import Shrinkage

from ..testing.methods import random_weights
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


STEPS = {
    'to a size': (["dict(type='Resize', scale=(32, 32))"], 8.0),
    'keeping the ratio': (
        ["dict(type='Resize', scale=(32, 32), keep_ratio=True)"],
        8.0,
    ),
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
    assert inspector.shrinkage.factor == pytest.approx(factor)
    assert len(said) == bool(factor)
    list(inspector([images[0][:20, :30]]))
    assert inspector.shrinkage.summary() == ''  # each call counts its own
