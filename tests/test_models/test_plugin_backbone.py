# Copyright (c) mmacnn authors. All rights reserved.
from copy import deepcopy

import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

LITE = dict(type='mmacnn.EfficientNetLite', out_indices=(4,))
RESNET = dict(type='mmpretrain.ResNet', depth=18, base_channels=16, stem_channels=16)


def plugin(position, kind='mmacnn.SE'):
    return dict(cfg=dict(type=kind, ratio=8), position=position)


def build(backbone, plugins):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        cfg = dict(type='mmacnn.PluginBackbone', backbone=backbone, plugins=plugins)
        model = MODELS.build(cfg)
    model.eval()
    return model


@pytest.mark.parametrize('kind', ['mmacnn.SE', 'mmacnn.CBAM'])
@pytest.mark.parametrize(
    ('backbone', 'positions', 'channels'),
    [
        (LITE, ('stem', 'stage5'), (32, 112)),
        (RESNET, ('stage1', 'stage4'), (16, 128)),
        (RESNET, ('layer2.0', 'layer3'), (32, 64)),
    ],
)
def test_behind_any_stage(backbone, positions, channels, kind):
    model = build(dict(backbone), [plugin(position, kind) for position in positions])
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        plain = MODELS.build(dict(backbone))
    plain.eval()
    missing = model.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert missing and all(name.startswith('plugins.') for name in missing)
    seen = []
    for layer in model.plugins.values():
        layer.register_forward_hook(lambda m, i, o: seen.append(o.shape[1]))
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(model(x), plain(x))
    assert tuple(seen) == channels
    for parameter in model.plugins.parameters():
        torch.nn.init.normal_(parameter)
    assert not torch.allclose(model(x)[-1], plain(x)[-1])


def test_a_copy_has_its_own_plugins():
    model = build(dict(RESNET), [plugin('stage4')])
    copied, x = deepcopy(model), torch.randn(1, 3, 32, 32)
    before = copied(x)[-1]
    for parameter in model.plugins.parameters():
        torch.nn.init.normal_(parameter)
    assert torch.equal(copied(x)[-1], before)
    assert not torch.allclose(model(x)[-1], before)


@pytest.mark.parametrize(
    ('positions', 'message'),
    [
        ((), 'PluginBackbone: plugins have the positions'),
        (('stem', 'stem'), 'expected different ones'),
        ((None,), r'positions \[None\]'),
        (('stage9',), "PluginBackbone of ResNet: found the point 'stage9'"),
        (('layer9',), "PluginBackbone of ResNet: found the point 'layer9'"),
    ],
)
def test_positions_are_checked(positions, message):
    with pytest.raises(ValueError, match=message):
        build(dict(RESNET), [plugin(position) for position in positions])
