# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.models.backbones import cell_geometry
from mmacnn.registry import MODELS

CONVNEXT = dict(
    type='mmpretrain.ConvNeXt', arch=dict(depths=[1] * 4, channels=[8, 16, 24, 32])
)


def truncated(backbone):
    return dict(type='mmacnn.TruncatedBackbone', stride=16, backbone=backbone)


@pytest.mark.parametrize(
    ('backbone', 'stride', 'offset'),
    [
        # 0.5 + (1 + 2 + 4 + 8 + 16): padded at the end alone.
        (dict(type='mmpretrain.EfficientNetV2', arch='b0'), 32, 31.5),
        (truncated(dict(type='mmpretrain.EfficientNetV2', arch='b0')), 16, 15.5),
        # Patches that do not overlap.
        (dict(CONVNEXT, gap_before_final_norm=False), 32, 16),
        (dict(type='mmpretrain.VGG', depth=11), 32, 16),
        # Padded alike at both ends.
        (truncated(dict(type='mmpretrain.MobileNetV3', arch='large')), 16, 0.5),
        (dict(type='mmpretrain.ResNet', depth=18), 32, 0.5),
    ],
)
def test_known_backbones(backbone, stride, offset):
    assert cell_geometry(MODELS.build(backbone)) == (stride, offset)


@pytest.mark.slow
@pytest.mark.parametrize(
    'backbone',
    [
        dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8),
        dict(type='mmpretrain.EfficientNetV2', arch='b0'),
    ],
)
def test_receptive_field_lies_round_the_centre(backbone):
    """The mean place of what a cell's gradient reaches, over random weights."""
    places = []
    for seed in range(6):
        torch.manual_seed(seed)
        model = MODELS.build(truncated(backbone))
        stride, offset = cell_geometry(model)
        model.eval()
        image = torch.randn(1, 3, 12 * stride, 12 * stride, requires_grad=True)
        feature = model(image)[-1]
        part = (feature[0, :, 6, 6] * torch.randn(feature.shape[1])).sum()
        (gradient,) = torch.autograd.grad(part, image)
        weight = gradient.square().sum((0, 1, 2))
        place = (weight * (torch.arange(len(weight)) + 0.5)).sum() / weight.sum()
        places.append(place.item() - 6 * stride)
    assert sum(places) / len(places) == pytest.approx(offset, abs=2.5)


def test_a_single_channel_and_the_mode_of_the_model():
    model = MODELS.build(
        dict(type='mmacnn.StridedConvNet', in_channels=1, stem_kernel=6)
    )
    model.train()
    assert cell_geometry(model) == (8, 2.0)
    assert model.training


def test_a_backbone_that_pools_by_itself():
    with pytest.raises(ValueError, match='set gap_before_final_norm=False'):
        cell_geometry(MODELS.build(CONVNEXT))
