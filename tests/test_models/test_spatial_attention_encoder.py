# Copyright (c) mmacnn authors. All rights reserved.
from copy import deepcopy

import pytest
import torch
from attention import QuadraticAttentionEncoder
from mmcv.cnn.bricks import GeneralizedAttention
from mmengine.registry import MODELS, DefaultScope

from mmacnn.models.attention import SpatialAttentionEncoder

PLUGINS = [
    dict(
        cfg=dict(type='mmacnn.SpatialAttentionEncoder', num_heads=4, kv_stride=2),
        position='after_conv2',
    ),
    dict(cfg=dict(type='ContextBlock', ratio=1 / 16), position='after_conv3'),
]
RESNET = dict(type='mmdet.ResNet', depth=50, base_channels=8, plugins=PLUGINS)


@pytest.fixture
def encoder():
    """Encoder of 16 channels in float64 that attends, unlike a new one."""
    torch.manual_seed(0)
    encoder = SpatialAttentionEncoder(16, num_heads=4, kv_stride=2).double()
    torch.nn.init.constant_(encoder.gamma, 0.7)
    torch.nn.init.normal_(encoder.proj_conv.bias)
    return encoder


def output_and_gradients(module, x):
    x = x.clone().requires_grad_()
    y = module(x)
    (y * torch.cos(torch.arange(y.numel(), dtype=y.dtype).view_as(y))).sum().backward()
    return dict(
        y=y, x=x.grad, **{name: p.grad for name, p in module.named_parameters()}
    )


@pytest.mark.parametrize(('dtype', 'tolerance'), [('float64', 1e-9), ('float32', 1e-5)])
@pytest.mark.parametrize('name', ['h8_s2', 'h4_s1'])
def test_golden_vectors(golden, name, dtype, tolerance):
    vectors = golden(f'spatial_attention_encoder_{name}', getattr(torch, dtype))
    x = vectors['x'].requires_grad_()
    encoder = SpatialAttentionEncoder(
        x.shape[1], int(vectors['num_heads']), int(vectors['kv_stride'])
    ).to(x.dtype)
    encoder.load_state_dict(vectors['weight'])
    y = encoder(x)
    y.backward(vectors['grad_y'])
    found = {name: p.grad for name, p in encoder.named_parameters()}
    assert found.keys() == vectors['grad'].keys()
    close = dict(atol=tolerance, rtol=0)
    torch.testing.assert_close(y, vectors['y'], **close)
    torch.testing.assert_close(x.grad, vectors['grad_x'], **close)
    torch.testing.assert_close(found, vectors['grad'], **close)


@pytest.mark.parametrize('kv_stride', [1, 2, 3])
@pytest.mark.parametrize('shape', [(1, 16, 7, 5), (3, 16, 6, 8), (2, 16, 1, 1)])
@pytest.mark.parametrize('reference', [QuadraticAttentionEncoder, GeneralizedAttention])
def test_equals_the_published_form_and_the_one_of_mmcv(
    encoder, reference, shape, kv_stride
):
    options = (
        dict(attention_type='0010') if reference is GeneralizedAttention else dict()
    )
    encoder.kv_stride = kv_stride
    other = reference(16, num_heads=4, kv_stride=kv_stride, **options).double()
    other.load_state_dict(encoder.state_dict())
    x = torch.randn(shape, dtype=torch.float64)
    torch.testing.assert_close(
        output_and_gradients(encoder, x), output_and_gradients(other, x)
    )


def test_gradcheck(encoder):
    x = torch.randn(2, 16, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(encoder, x)


def test_is_the_identity_at_first():
    encoder = SpatialAttentionEncoder(16)
    x = torch.randn(2, 16, 6, 6)
    assert encoder(x).equal(x)


def test_autocast_keeps_bfloat16(encoder):
    x = torch.randn(2, 16, 9, 9, dtype=torch.float64)
    exact = encoder(x)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        rounded = encoder.float()(x.bfloat16())
    assert rounded.dtype == torch.bfloat16
    torch.testing.assert_close(rounded.double(), exact, atol=0.05, rtol=0.02)


def test_channels_last_stays(encoder):
    x = torch.randn(2, 16, 6, 8, dtype=torch.float64)
    y = encoder(x.to(memory_format=torch.channels_last))
    assert y.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(y, encoder(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(num_heads=3), 'num_heads is 3, expected a divisor of the 16 input'),
        (dict(num_heads=0), 'num_heads is 0, expected a divisor'),
        (dict(kv_stride=0), 'kv_stride is 0, expected 1 or more'),
    ],
)
def test_bad_setting(settings, message):
    with pytest.raises(ValueError, match=message):
        SpatialAttentionEncoder(16, **settings)


@pytest.mark.parametrize('scope', ['mmdet', 'mmpretrain'])
def test_plugin_of_a_resnet(scope):
    with DefaultScope.overwrite_default_scope(scope):
        resnet = MODELS.build(deepcopy(RESNET))
    resnet.init_weights()
    block = resnet.layer2[0]
    assert isinstance(block.spatial_attention_encoder, SpatialAttentionEncoder)
    assert block.spatial_attention_encoder.gamma == 0
    resnet.train()
    sum(y.sum() for y in resnet(torch.rand(1, 3, 65, 97))).backward()
    unused = [name for name, p in resnet.named_parameters() if p.grad is None]
    assert not unused


def test_plugin_in_a_classifier():
    head = dict(type='LinearClsHead', num_classes=2, in_channels=256)
    backbone = dict(RESNET, out_indices=(3,))
    neck = dict(type='GlobalAveragePooling')
    classifier = MODELS.build(
        dict(type='mmpretrain.ImageClassifier', backbone=backbone, neck=neck, head=head)
    )
    assert classifier(torch.rand(2, 3, 64, 64)).shape == (2, 2)
