# Copyright (c) mmacnn authors. All rights reserved.
"""A backbone that is told which region of the image is meant."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from mmacnn.models.attention import RoIMaskAttention
from mmacnn.models.data_preprocessors import RoIMaskDataPreprocessor
from mmacnn.registry import MODELS

GOLDEN = Path(__file__).parents[1] / 'data/roi_mask_stem.npz'
RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
FAMILIES = dict(
    resnet=dict(RESNET, out_indices=(0, 1, 2, 3)),
    deep_stem=dict(type='mmpretrain.ResNetV1d', depth=50, base_channels=4),
    mobilenet=dict(type='mmpretrain.MobileNetV3', arch='small'),
    convnext=dict(
        type='mmpretrain.ConvNeXt', arch=dict(depths=[1] * 4, channels=[4, 8, 8, 8])
    ),
)
EVERYWHERE = ('stem', 'stage1', 'stage2', 'stage3', 'stage4')


def build(backbone=RESNET, **settings):
    torch.manual_seed(0)
    model = MODELS.build(
        dict(type='mmacnn.RoIMaskBackbone', backbone=backbone, **settings)
    )
    model.init_weights()
    model.eval()
    return model


def image_and_mask(size=(33, 41), batch=2):
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(batch, 3, *size, generator=generator)
    mask = torch.zeros(batch, 1, *size)
    mask[:, :, 5:20, 8:30] = 1
    return torch.cat((image, mask), 1)


def learn(model):
    """As if it had been trained: no attention is neutral."""
    generator = torch.Generator().manual_seed(2)
    for weight in model.roi_mask.parameters():
        weight.data += 0.5 * torch.randn(weight.shape, generator=generator)


@pytest.mark.parametrize(
    ('dtype', 'tolerance'), [(torch.float64, 1e-9), (torch.float32, 1e-5)]
)
def test_stem_of_resnet50_as_published(dtype, tolerance):
    golden = {k: torch.from_numpy(v) for k, v in np.load(GOLDEN).items()}
    model = build(dict(type='mmpretrain.ResNet', depth=50)).to(dtype)
    names = {
        'conv1.weight': 'conv1.weight',
        'roi_mask.stem.conv.weight': 'attention.weight',
        'roi_mask.stem.conv.bias': 'attention.bias',
    }
    names |= {
        f'bn1.{name}': f'bn1.{name}'
        for name in ('weight', 'bias', 'running_mean', 'running_var')
    }
    weights = {name: golden[f'weight.{given}'] for name, given in names.items()}
    assert not model.load_state_dict(weights, strict=False).unexpected_keys
    found = {}
    model.maxpool.register_forward_hook(lambda m, x, y: found.update(y=y))
    mean = golden['mean'].view(3, 1, 1)
    image = (golden['image_rgb'].double() - mean) / golden['std']
    model(torch.cat((image, golden['mask'].double()), 1).to(dtype))
    assert (found['y'] - golden['y']).abs().max() <= tolerance


@pytest.mark.parametrize('mode', ['add', 'multiply'])
@pytest.mark.parametrize('family', FAMILIES)
def test_at_first_the_mask_changes_nothing(family, mode):
    config = FAMILIES[family]
    model = build(config, points=EVERYWHERE, mode=mode)
    plain = MODELS.build(config)
    plain.eval()
    weights = {
        name: value
        for name, value in model.state_dict().items()
        if not name.startswith('roi_mask.')
    }
    plain.load_state_dict(weights)  # strict: the names are the same
    inputs = image_and_mask((64, 64))
    with torch.no_grad():
        for one, other in zip(model(inputs), plain(inputs[:, :3]), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize('points', [('stem',), ('stage3',), EVERYWHERE, ('layer2.0',)])
@pytest.mark.parametrize('mode', ['add', 'multiply'])
def test_what_was_learned_depends_on_the_mask(points, mode):
    model = build(FAMILIES['resnet'], points=points, mode=mode)
    learn(model)
    inputs = image_and_mask()
    elsewhere = inputs.clone()
    elsewhere[:, 3] = 1 - elsewhere[:, 3]
    with torch.no_grad():
        same = [
            torch.equal(one, other)
            for one, other in zip(model(inputs), model(elsewhere), strict=True)
        ]
    first = {('stage3',): 2, ('layer2.0',): 1}.get(points, 0)
    assert same == [True] * first + [False] * (4 - first)


def test_gradients_reach_the_attention():
    model = build(points=EVERYWHERE)
    model.train()
    model(image_and_mask((64, 64)))[-1].square().sum().backward()
    # Weights that are zero must be able to leave it.
    assert all(p.grad.abs().sum() > 0 for p in model.roi_mask.parameters())
    assert model.roi_mask.mask is None


def test_a_copy_has_its_own_attention():
    model = build()
    twin = copy.deepcopy(model)
    learn(twin)
    inputs = image_and_mask()
    with torch.no_grad():
        before, after = model(inputs)[0], twin(inputs)[0]
        assert not torch.equal(before, after)
        assert torch.equal(model(inputs)[0], before)


def test_init_weights_leaves_the_attention_neutral():
    backbone = build(initial_bias=1.0)
    attention = backbone.roi_mask.stem.conv
    assert attention.weight.abs().max() == 0 and attention.bias.min() == 1


@pytest.mark.parametrize('mode', ['add', 'multiply'])
def test_attention_by_hand(mode):
    layer = RoIMaskAttention(2, mode).double()
    layer.conv.weight.data[:, 0, 1, 1] = torch.tensor([2.0, -1.0])
    layer.conv.bias.data[:] = torch.tensor([0.5, 0.0])
    x = torch.full((1, 2, 1, 2), 3.0, dtype=torch.float64)
    mask = torch.tensor([[[[1.0, 0.0, 1.0, 1.0]]]])  # halves to 0.5 and 1
    attention = torch.tensor([[[[1.5, 2.5]], [[-0.5, -1.0]]]])
    expected = x + attention if mode == 'add' else x * attention
    torch.testing.assert_close(layer(x, mask), expected)
    inputs = torch.randn(1, 2, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: layer(x, mask), inputs)


def test_attention_keeps_the_type_of_the_map():
    layer = RoIMaskAttention(2)
    with torch.autocast('cpu', torch.bfloat16):
        for dtype in (torch.bfloat16, torch.float32):
            x = torch.ones(1, 2, 4, 4, dtype=dtype)
            assert layer(x, torch.ones(1, 1, 8, 8)).dtype == dtype


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(mode='mean'), "mode is 'mean', expected add or multiply"),
        (dict(points=()), r'points is \(\), expected a list of different names'),
        (dict(points=('stem', 'stem')), 'expected a list of different names'),
        (dict(points='stem'), "points is 'stem', expected a list"),
        (dict(points=('stage5',)), "the point 'stage5', expected stage1 to stage4"),
        (dict(points=('stage0',)), "the point 'stage0', expected stage1 to stage4"),
        (dict(points=('layer9',)), "the point 'layer9', expected stem, stage1 and"),
    ],
)
def test_mistakes_in_the_config(settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)


@pytest.mark.parametrize('channels', [3, 5])
def test_input_without_a_mask(channels):
    with pytest.raises(ValueError, match=r'shape \(1, .*expected \(batch, 4, height'):
        build()(torch.zeros(1, channels, 32, 32))


@pytest.mark.parametrize('stacked', [True, False])
def test_preprocessor_leaves_the_mask_alone(stacked):
    preprocessor = RoIMaskDataPreprocessor([10, 20, 30], [1, 2, 5], to_rgb=True)
    image = torch.tensor([40, 26, 13, 1], dtype=torch.uint8)[:, None, None]
    inputs = image.expand(2, 4, 5, 6)
    out = preprocessor(dict(inputs=inputs if stacked else list(inputs)))['inputs']
    assert out.shape == (2, 4, 5, 6) and out.dtype == torch.float32
    assert out[0, :, 0, 0].tolist() == [3, 3, 2, 1]


def test_preprocessor_of_grey_levels():
    inputs = torch.tensor([40, 26, 13, 0], dtype=torch.uint8).view(1, 4, 1, 1)
    out = RoIMaskDataPreprocessor()(dict(inputs=inputs))['inputs']
    assert out.flatten().tolist() == [40, 26, 13, 0]


def test_preprocessor_mistakes():
    with pytest.raises(ValueError, match=r'mean is \[1, 2, 3, 4\], expected three'):
        RoIMaskDataPreprocessor([1, 2, 3, 4], [1, 1, 1])
    with pytest.raises(ValueError, match='found 3 channels, expected 4'):
        RoIMaskDataPreprocessor()(dict(inputs=torch.zeros(1, 3, 4, 4)))
