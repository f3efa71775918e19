# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.analysis import get_model_complexity_info

from mmacnn.registry import MODELS

EFFICIENTNET = dict(type='mmpretrain.EfficientNetV2', arch='b0')
CONVNEXT = dict(
    type='mmpretrain.ConvNeXt',
    arch=dict(depths=[1, 1, 3, 1], channels=[8, 16, 24, 32]),
    gap_before_final_norm=False,
)
MOBILENET = dict(type='mmpretrain.MobileNetV3', arch='small')
RESNET = dict(type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8)
SWIN = dict(
    type='mmpretrain.SwinTransformer',
    arch=dict(embed_dims=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1]),
    pad_small_map=True,
)


def build(backbone, **settings):
    return MODELS.build(
        dict(type='mmacnn.TruncatedBackbone', backbone=backbone, **settings)
    )


@pytest.mark.parametrize(
    ('backbone', 'settings', 'channels'),
    [
        (EFFICIENTNET, dict(stride=16, keep_expansion=True), 672),
        (EFFICIENTNET, dict(stride=16), 112),
        (CONVNEXT, dict(stride=16), 24),
        (dict(MOBILENET, arch='large'), dict(stride=16), 112),
        (dict(MOBILENET, arch='large'), dict(stride=16, keep_expansion=True), 672),
        (dict(type='mmpretrain.MobileNetV2'), dict(stride=16), 96),
        (dict(type='mmpretrain.ShuffleNetV2'), dict(stride=16), 232),
        (dict(type='mmpretrain.EfficientNet', arch='b0'), dict(stride=16), 112),
        (dict(RESNET, out_indices=(2,)), {}, 32),
        (dict(SWIN, out_indices=(2,)), {}, 32),
    ],
)
def test_nothing_unused_stays_and_the_names_are_the_original_ones(
    backbone, settings, channels
):
    model = build(backbone, **settings)
    whole = MODELS.build(
        {key: value for key, value in backbone.items() if key != 'out_indices'}
    )
    assert type(model) is type(whole)
    model.eval()
    feature = model(torch.randn(2, 3, 64, 96))[-1]
    assert feature.shape == (2, channels, 4, 6)
    (feature * torch.randn_like(feature)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    # The norm of a stage that ConvNeXt and Swin did not end with is new.
    new = model.state_dict().keys() - whole.state_dict().keys()
    assert all(name.startswith('norm2.') for name in new)
    assert len(model.state_dict()) < len(whole.state_dict())


def test_what_is_kept_computes_what_it_did():
    whole = MODELS.build(dict(EFFICIENTNET, out_indices=(5, 6)))
    model = build(EFFICIENTNET, stride=16, keep_expansion=True)
    model.load_state_dict(whole.state_dict(), strict=False)
    whole.eval()
    model.eval()
    image = torch.randn(1, 3, 64, 64)
    expected = whole.layers[6][0].expand_conv(whole(image)[0])
    torch.testing.assert_close(model(image)[-1], expected)


def test_pretrained_weights_load(tmp_path):
    whole = MODELS.build(MOBILENET)
    file = tmp_path / 'classifier.pth'
    state = {f'backbone.{name}': w for name, w in whole.state_dict().items()}
    torch.save(dict(state_dict=state), file)
    init_cfg = dict(type='Pretrained', checkpoint=str(file), prefix='backbone.')
    model = build(dict(MOBILENET, init_cfg=init_cfg), stride=16)
    model.init_weights()
    for name, weight in model.state_dict().items():
        assert weight.equal(whole.state_dict()[name]), name


@pytest.mark.parametrize(
    ('backbone', 'settings', 'millions', 'multiply_adds'),
    [
        (EFFICIENTNET, dict(stride=16, keep_expansion=True), 1.45, 0.550),
        (
            dict(CONVNEXT, arch='tiny'),
            dict(stride=16),
            12.35,
            3.71,
        ),
        (dict(MOBILENET, arch='large'), dict(stride=16), 0.79, 0.161),
    ],
)
def test_size_of_the_published_backbones(backbone, settings, millions, multiply_adds):
    """Parameters, and multiply-adds at 224x224."""
    model = build(backbone, **settings)
    model.eval()
    info = get_model_complexity_info(model, (3, 224, 224), show_table=False)
    assert info['params'] / 1e6 == pytest.approx(millions, abs=0.01)
    assert info['flops'] / 1e9 == pytest.approx(multiply_adds, rel=0.01)


@pytest.mark.parametrize(
    ('backbone', 'settings', 'error', 'message'),
    [
        (RESNET, dict(stride=64), ValueError, 'stride 64, expected one of 4, 8, 16'),
        (RESNET, {}, ValueError, 'expected stride, or out_indices'),
        (
            dict(RESNET, out_indices=(2,)),
            dict(stride=16),
            ValueError,
            'found stride and out_indices',
        ),
        (
            RESNET,
            dict(stride=16, keep_expansion=True),
            ValueError,
            'inverted residual block after stage 2',
        ),
        (dict(type='mmpretrain.VGG', depth=11), dict(stride=16), ValueError, 'stages'),
        (
            dict(type='mmpretrain.VisionTransformer', arch='deit-tiny'),
            dict(stride=16),
            ValueError,
            'no feature map',
        ),
    ],
)
def test_mistakes(backbone, settings, error, message):
    with pytest.raises(error, match=message):
        build(backbone, **settings)
