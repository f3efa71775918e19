# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import sys
from pathlib import Path

import pytest
import torch

from mmacnn.converters import convert_efficientnet_lite_checkpoint
from mmacnn.models.backbones import EfficientNetLite

ROOT = Path(__file__).parents[2]
TOOL = ROOT / 'tools/model_converters/efficientnet_lite_to_mmpretrain.py'

# (kernel, channels in, channels out, expansion, repeats, stride of the first) of each
# published stage, from the table of EfficientNet-B0 (Tan and Le, ICML 2019, table 1).
STAGES = (
    (3, 32, 16, 1, 1, 1),
    (3, 16, 24, 6, 2, 2),
    (5, 24, 40, 6, 2, 2),
    (3, 40, 80, 6, 3, 2),
    (5, 80, 112, 6, 3, 1),
    (5, 112, 192, 6, 4, 2),
    (3, 192, 320, 6, 1, 1),
)


def norm(name, channels):
    return {
        f'{name}.weight': torch.rand(channels),
        f'{name}.bias': torch.randn(channels),
        f'{name}.running_mean': torch.randn(channels),
        f'{name}.running_var': torch.rand(channels),
        f'{name}.num_batches_tracked': torch.tensor(1),
    }


@pytest.fixture(scope='module')
def published():
    """Random weights with the published names, in the published shapes."""
    state = {'_conv_stem.weight': torch.randn(32, 3, 3, 3), **norm('_bn0', 32)}
    number = 0
    for kernel, taken, given, expansion, repeats, _ in STAGES:
        for _ in range(repeats):
            name, inner = f'_blocks.{number}', taken * expansion
            if expansion > 1:
                state[f'{name}._expand_conv.weight'] = torch.randn(inner, taken, 1, 1)
                state |= norm(f'{name}._bn0', inner)
            depthwise = torch.randn(inner, 1, kernel, kernel)
            state[f'{name}._depthwise_conv.weight'] = depthwise
            state |= norm(f'{name}._bn1', inner)
            state[f'{name}._project_conv.weight'] = torch.randn(given, inner, 1, 1)
            state |= norm(f'{name}._bn2', given)
            taken, number = given, number + 1
    state['_conv_head.weight'] = torch.randn(1280, 320, 1, 1)
    state |= norm('_bn1', 1280)
    state['_fc.weight'], state['_fc.bias'] = torch.randn(1000, 1280), torch.randn(1000)
    return state


def test_every_weight_has_its_place(published):
    converted = convert_efficientnet_lite_checkpoint(published, prefix='')
    model = EfficientNetLite()
    assert model.load_state_dict(converted).missing_keys == []
    assert len(converted) == len(published) - 2


def test_strides_and_channels():
    model = EfficientNetLite(out_indices=(2, 3, 4, 5, 6))
    maps = model(torch.rand(2, 3, 64, 64))
    assert [m.shape[1] for m in maps] == [24, 40, 112, 320, 1280]
    assert [m.shape[2] for m in maps] == [16, 8, 4, 2, 2]


def test_other_weights_are_refused():
    with pytest.raises(ValueError, match="found the weight 'layer1.0.conv1.weight'"):
        convert_efficientnet_lite_checkpoint({'layer1.0.conv1.weight': torch.ones(1)})
    with pytest.raises(ValueError, match=r"'_blocks.40._bn1.weight'"):
        convert_efficientnet_lite_checkpoint({'_blocks.40._bn1.weight': torch.ones(1)})


def test_tool(published, tmp_path, monkeypatch, capsys):
    source, target = tmp_path / 'published.pth', tmp_path / 'converted.pth'
    torch.save(published, source)
    monkeypatch.setattr(sys, 'argv', [str(TOOL), str(source), str(target)])
    runpy.run_path(str(TOOL), run_name='__main__')
    assert str(target) in capsys.readouterr().out
    weights = torch.load(target, weights_only=True)['state_dict']
    assert all(name.startswith('backbone.layers.') for name in weights)

    with pytest.raises(SystemExit):
        runpy.run_path(str(TOOL), run_name='__main__')
    assert 'exists, name a new file' in capsys.readouterr().err
