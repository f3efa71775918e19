# Copyright (c) mmacnn authors. All rights reserved.
"""SE and CBAM, alone, in ResNets and in AlexNet."""

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

from mmacnn.models.attention import CBAM, SE

KINDS = pytest.mark.parametrize('kind', [SE, CBAM])


def attending(kind, channels=32):
    """A module that is no longer the identity."""
    torch.manual_seed(0)
    module = kind(channels).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return module


@KINDS
@pytest.mark.parametrize('batch', [1, 3])
def test_starts_as_the_identity(kind, batch):
    x = torch.randn(batch, 32, 5, 7)
    module = kind(32)
    assert torch.equal(module(x), x)
    module.init_weights()
    assert torch.equal(module(x), x)


@KINDS
def test_learns_from_the_start(kind):
    module, x = kind(32), torch.randn(2, 32, 4, 4)
    module(x).square().sum().backward()
    assert any(p.grad.abs().max() > 0 for p in module.parameters())


@KINDS
def test_gradient(kind):
    x = torch.randn(1, 32, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(attending(kind), x)


def test_se_weighs_channels_by_their_means():
    module, x = attending(SE), torch.randn(2, 32, 4, 6, dtype=torch.float64)
    hidden = module.layer.conv1.conv(x.mean((2, 3), keepdim=True)).relu()
    gate = 2 * module.layer.conv2.conv(hidden).sigmoid()
    torch.testing.assert_close(module(x), x * gate)
    moved = module(x.roll((1, 2), (2, 3)))
    torch.testing.assert_close(moved, (x * gate).roll((1, 2), (2, 3)))


def test_cbam_by_hand():
    module = CBAM(2, ratio=1, kernel_size=3)
    with torch.no_grad():
        module.channels[-1].bias.copy_(torch.tensor([1.0, -1.0]))
        module.positions.weight[0, 1, 1, 1] = 1.0
    x = torch.zeros(1, 2, 3, 3)
    x[0, :, 1, 1] = torch.tensor([2.0, 4.0])
    channel = 2 * torch.tensor([2.0, -2.0]).sigmoid()  # the bias counts for both means
    weighed = torch.tensor([2.0, 4.0]) * channel
    expected = weighed * 2 * weighed.max().sigmoid()
    torch.testing.assert_close(module(x)[0, :, 1, 1], expected)


@pytest.mark.parametrize(
    ('options', 'message'),
    [(dict(kernel_size=4), 'kernel_size is 4'), (dict(ratio=64), 'ratio is 64')],
)
def test_cbam_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        CBAM(32, **options)


@pytest.mark.parametrize('kind', ['SE', 'CBAM'])
@pytest.mark.parametrize(
    ('backbone', 'position'),
    [
        (dict(type='mmdet.ResNet', depth=50, base_channels=8), 'after_conv3'),
        (dict(type='mmacnn.PluginResNet', depth=18, base_channels=16), 'after_conv2'),
        (dict(type='mmacnn.PluginAlexNet'), 'after_relu'),
    ],
)
def test_plugged_in_it_changes_nothing_at_first(kind, backbone, position):
    plugin = dict(cfg=dict(type=f'mmacnn.{kind}', ratio=8), position=position)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        plain = MODELS.build(dict(backbone))
        model = MODELS.build(dict(backbone, plugins=[plugin]))
    model.init_weights()
    missing = model.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing and all(kind.lower() in name for name in missing)
    plain.eval()
    model.eval()
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(model(x)[-1], plain(x)[-1])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if kind.lower() in name:
                parameter.normal_()
    assert not torch.allclose(model(x)[-1], plain(x)[-1])


def test_alexnet_has_torchvisions_names():
    from torchvision.models import alexnet

    theirs = alexnet(num_classes=1)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        ours = MODELS.build(dict(type='mmacnn.PluginAlexNet'))
    assert not ours.load_state_dict(theirs.state_dict(), strict=False).missing_keys
    x = torch.randn(1, 3, 96, 96)
    assert torch.equal(ours(x)[0], theirs.features(x))


def test_alexnet_takes_plugins_behind_some_activations():
    plugin = dict(
        cfg=dict(type='mmacnn.SE'),
        position='after_relu',
        stages=(False, False, True, False, True),
    )
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(dict(type='mmacnn.PluginAlexNet', plugins=[plugin]))
    channels = {
        name: module.layer.conv2.conv.out_channels
        for name, module in model.named_children()
        if isinstance(module, SE)
    }
    assert channels == dict(se3=384, se5=256)


@pytest.mark.parametrize(
    ('options', 'message'),
    [(dict(position='after_conv1'), "'after_conv1'"), (dict(stages=(1, 0)), 'found 2')],
)
def test_alexnet_refuses_plugins(options, message):
    plugin = dict(cfg=dict(type='mmacnn.SE'), position='after_relu') | options
    with pytest.raises(ValueError, match=message):
        MODELS.build(dict(type='mmacnn.PluginAlexNet', plugins=[plugin]))


def test_parts_of_cbam_can_be_used_apart():
    from mmacnn.models.attention import CBAM, ChannelAttention, PositionAttention

    torch.manual_seed(0)
    whole = CBAM(32)
    for parameter in whole.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    channels, positions = ChannelAttention(32), PositionAttention(32)
    channels.load_state_dict(whole.channels.state_dict())
    positions.load_state_dict(whole.positions.state_dict())
    x = torch.randn(2, 32, 5, 6)
    torch.testing.assert_close(positions(channels(x)), whole(x))
    torch.testing.assert_close(ChannelAttention(32)(x), x)
    torch.testing.assert_close(PositionAttention()(x), x)
    assert list(whole.state_dict()) == [
        'channels.0.weight',
        'channels.0.bias',
        'channels.2.weight',
        'channels.2.bias',
        'positions.weight',
    ]
