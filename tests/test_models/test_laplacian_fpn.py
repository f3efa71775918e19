# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.registry import MODELS

from mmacnn.models.necks import LaplacianFPN
from mmacnn.models.necks.laplacian_fpn import LaplacianFusion

CHANNELS = [8, 12, 16, 20]
OPTIONS = [
    dict(),
    dict(num_outs=4),
    dict(num_outs=6),
    dict(add_extra_convs=True, num_outs=6),
    dict(add_extra_convs='on_input', num_outs=6, relu_before_extra_convs=True),
    dict(add_extra_convs='on_lateral', num_outs=6),
    dict(add_extra_convs='on_output', num_outs=6, relu_before_extra_convs=True),
    dict(start_level=1, num_outs=5, add_extra_convs='on_input'),
    dict(start_level=1, end_level=2, num_outs=2),
    dict(end_level=1, num_outs=2),
    dict(start_level=3, num_outs=2),
    dict(norm_cfg=dict(type='BN'), act_cfg=dict(type='ReLU')),
    dict(norm_cfg=dict(type='GN', num_groups=2), no_norm_on_lateral=True),
    dict(upsample_cfg=dict(mode='bilinear', align_corners=False)),
    dict(upsample_cfg=dict(mode='nearest', scale_factor=2)),
]


def build(attention=True, **options):
    torch.manual_seed(0)
    options = dict(num_outs=5) | options
    neck = LaplacianFPN(CHANNELS, 8, attention=attention, **options)
    neck.init_weights()
    return neck


def features(batch=2, size=(16, 24), dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(
            *(batch, channels, -(-size[0] // 2**i), -(-size[1] // 2**i)),
            generator=generator,
            dtype=dtype,
        )
        for i, channels in enumerate(CHANNELS)
    ]


@pytest.mark.parametrize(('dtype', 'tolerance'), [('float64', 1e-9), ('float32', 1e-5)])
@pytest.mark.parametrize('attention', [True, False])
def test_golden_vectors(golden, attention, dtype, tolerance):
    name = 'laplacian_fpn' if attention else 'laplacian_fpn_no_attention'
    vectors = golden(name, getattr(torch, dtype))
    neck = build(attention).to(getattr(torch, dtype))
    weights = vectors['weight']
    unused = {key for key in weights if key.startswith('cross_convs.0.')}
    assert weights.keys() - neck.state_dict().keys() == unused
    neck.load_state_dict({k: v for k, v in weights.items() if k not in unused})
    inputs = [vectors[f'x{i}'].requires_grad_() for i in range(4)]
    outputs = neck(inputs)
    sum((y * cosines(y)).sum() for y in outputs).backward()
    for i, y in enumerate(outputs):
        assert_close(y, vectors[f'y{i}'], tolerance)
    for i, x in enumerate(inputs):
        assert_close(x.grad, vectors[f'grad_x{i}'], tolerance)


def cosines(like):
    return torch.cos(torch.arange(like.numel(), dtype=torch.float64)).view_as(like)


def assert_close(found, expected, tolerance):
    """Compare with a tolerance for values about 1; the vectors go up to 80."""
    if found.dtype == torch.float32:
        tolerance *= max(1.0, expected.abs().max().item())
    torch.testing.assert_close(found, expected, atol=tolerance, rtol=0)


def test_starts_as_the_fpn_that_it_is_to_beat():
    neck = build(start_as_fpn=True)
    cfg = dict(type='mmdet.FPN', in_channels=CHANNELS, out_channels=8, num_outs=5)
    fpn = MODELS.build(cfg)
    fpn.load_state_dict(neck.state_dict(), strict=False)
    outputs = neck(features())
    for found, expected in zip(outputs, fpn(features()), strict=True):
        torch.testing.assert_close(found, expected)
    sum(each.square().sum() for each in outputs).backward()
    assert all(fusion.beta.grad != 0 for fusion in neck.cross_convs.values())


@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_options_mean_what_they_mean_in_mmdet(options, monkeypatch):
    """With the sum in place of the fusion, it is mmdet's FPN."""
    neck = build(attention=False, **options)
    cfg = dict(type='mmdet.FPN', in_channels=CHANNELS, out_channels=8, num_outs=5)
    fpn = MODELS.build(cfg | options)
    weights = {k: v for k, v in neck.state_dict().items() if 'cross' not in k}
    fpn.load_state_dict(weights)
    monkeypatch.setattr(LaplacianFusion, 'forward', lambda self, low, high: low + high)
    inputs = features()
    torch.testing.assert_close(neck(inputs), fpn(inputs))


@pytest.mark.parametrize('attention', [True, False])
@pytest.mark.parametrize('options', OPTIONS, ids=str)
def test_every_parameter_is_used(options, attention):
    neck = build(attention, **options)
    sum(y.sum() for y in neck(features())).backward()
    assert not [name for name, p in neck.named_parameters() if p.grad is None]


def test_fusion_by_hand():
    """Gates of 1/2 each: 0.5 * 1.5 * (low + high) + 0.5 * 1.5 * (low - high)."""
    fusion = LaplacianFusion(1)
    assert fusion.alpha == fusion.beta == 0.5
    for parameter in (*fusion.SE_edge.parameters(), *fusion.SE_context.parameters()):
        torch.nn.init.zeros_(parameter)
    for convolution, weight in ((fusion.pre_low_conv, 2), (fusion.pre_high_conv, 3)):
        torch.nn.init.zeros_(convolution.conv.bias)
        torch.nn.init.dirac_(convolution.conv.weight).data.mul_(weight)
    fusion.beta.data.fill_(0)
    low, high = torch.randn(2, 1, 1, 4, 4)
    torch.testing.assert_close(fusion(low, high), 0.75 * (2 * low + 3 * high))


@pytest.mark.parametrize('attention', [True, False])
def test_gradcheck(attention):
    torch.manual_seed(0)
    neck = LaplacianFPN([2, 3], 2, 3, attention=attention).double()
    inputs = [torch.randn(1, c, s, s, dtype=torch.float64) for c, s in ((2, 3), (3, 2))]
    inputs = [x.requires_grad_() for x in inputs]
    assert torch.autograd.gradcheck(lambda *x: neck(x), inputs)


@pytest.mark.parametrize(('batch', 'size'), [(1, (16, 24)), (1, (9, 13)), (3, (1, 1))])
def test_sizes(batch, size):
    inputs = features(batch, size)
    outputs = build()(inputs)
    assert [y.shape[2:] for y in outputs[:4]] == [x.shape[2:] for x in inputs]
    assert all(y.shape[:2] == (batch, 8) for y in outputs)


def test_training_with_batch_norm_bears_a_batch_of_one():
    neck = build(norm_cfg=dict(type='BN'), num_outs=4).train()
    assert all(y.isfinite().all() for y in neck(features(batch=1)))


def test_autocast():
    neck, inputs = build(), features()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        rounded = neck(inputs)
    for y, exact in zip(rounded, neck(inputs), strict=True):
        assert y.dtype == torch.bfloat16
        torch.testing.assert_close(y.float(), exact, atol=0.1, rtol=0.05)


def test_channels_last():
    neck, inputs = build().double(), features(dtype=torch.float64)
    outputs = neck([x.to(memory_format=torch.channels_last) for x in inputs])
    for y, expected in zip(outputs, neck(inputs), strict=True):
        torch.testing.assert_close(y, expected)


def test_wrong_number_of_inputs():
    with pytest.raises(ValueError, match='found 3 feature maps, expected 4'):
        build()(features()[:3])


def test_is_registered():
    cfg = dict(
        type='mmacnn.LaplacianFPN', in_channels=CHANNELS, out_channels=8, num_outs=5
    )
    assert isinstance(MODELS.build(cfg), LaplacianFPN)
