# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.registry import init_default_scope

from mmacnn.registry import MODELS

CONTEXT = dict(type='ContextBlock', ratio=0.25)
ENCODER = dict(type='mmacnn.SpatialAttentionEncoder', num_heads=2, kv_stride=2)
TYPES = ('mmacnn.PluginResNet', 'mmdet.ResNet')


def build(type='mmacnn.PluginResNet', depth=18, **settings):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    config = dict(type=type, depth=depth, base_channels=8, norm_eval=False)
    model = MODELS.build({**config, **settings})
    model.init_weights()
    return model


def at(position, cfg, **settings):
    return dict(position=position, cfg=cfg, **settings)


def outputs(model):
    torch.manual_seed(1)
    return model(torch.randn(2, 3, 33, 45))


@pytest.mark.parametrize('depth', [18, 34, 50])
def test_without_plugins_it_is_mmdets(depth):
    ours, theirs = build(depth=depth), build('mmdet.ResNet', depth)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    # The last norm of a block begins at zero in both.
    assert all(
        torch.equal(a, b)
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)
    )
    for a, b in zip(outputs(ours), outputs(theirs), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize('with_cp', [False, True])
def test_plugins_run_and_learn(with_cp):
    plugins = [at('after_conv1', ENCODER), at('after_conv2', CONTEXT)]
    # From zero nothing before the last norm learns in the first step.
    model = build(plugins=plugins, with_cp=with_cp, zero_init_residual=False)
    model.train()
    sum(x.square().mean() for x in outputs(model)).backward()

    block = model.layer2[0]
    assert block.spatial_attention_encoder.gamma.grad.abs() > 0
    assert block.context_block.conv_mask.weight.grad.abs().sum() > 0
    # Behind the first convolution there are as many channels as behind the second.
    assert block.context_block.in_channels == 16
    names = [name for name, _ in model.named_modules()]
    assert sum(name.endswith('context_block') for name in names) == 8


def test_order_in_a_block():
    """After conv1 comes behind the activation, after conv2 before the sum."""
    model = build(plugins=[at('after_conv1', CONTEXT), at('after_conv2', ENCODER)])
    block, seen = model.layer1[0], {}

    def remember(module, inputs, output):
        seen[module] = inputs[0].clone(), output.clone()

    for module in block.children():
        module.register_forward_hook(remember)
    out = block(torch.randn(1, 8, 9, 9))
    context, encoder = block.context_block, block.spatial_attention_encoder
    assert seen[context][0].min() >= 0
    assert torch.equal(seen[context][1], seen[block.conv2][0])
    assert torch.equal(seen[encoder][0], seen[block.norm2][1])
    assert out.shape == (1, 8, 9, 9)


def test_stages():
    plugin = at('after_conv2', CONTEXT, stages=(False, True, False, True))
    model = build(plugins=[plugin])
    stages = [getattr(model, name) for name in model.res_layers]
    has = [hasattr(blocks[0], 'context_block') for blocks in stages]
    assert has == [False, True, False, True]


def test_position_that_a_basic_block_lacks():
    with pytest.raises(ValueError, match="found the position 'after_conv3', expected"):
        build(plugins=[at('after_conv3', CONTEXT)])


def test_plugins_of_a_bottleneck_are_mmdets():
    plugins = [at('after_conv2', CONTEXT), at('after_conv3', ENCODER)]
    ours, theirs = (build(t, 50, plugins=plugins) for t in TYPES)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    for a, b in zip(outputs(ours), outputs(theirs), strict=True):
        torch.testing.assert_close(a, b)
