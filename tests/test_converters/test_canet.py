# Copyright (c) mmacnn authors. All rights reserved.
import logging
import runpy
import sys
from copy import deepcopy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.hub import get_config
from mmengine.registry import MODELS, DefaultScope
from torch import nn
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.rpn import RPNHead

from mmacnn.converters import convert_canet_checkpoint

TOOL = Path(__file__).parents[2] / 'tools/model_converters/canet_official_to_mmacnn.py'
CHANNELS = [16, 32, 64, 128]
NUM_CLASSES = 5


@pytest.fixture(scope='module')
def canets():
    """CANet R-50, narrow, with and without the neck's attention; weights random."""
    return {attention: build_canet(attention) for attention in (True, False)}


def build_canet(attention):
    cfg = get_config('mmdet::_base_/models/faster-rcnn_r50_fpn.py').model
    plugins = [
        dict(
            cfg=dict(type='mmacnn.SpatialAttentionEncoder', num_heads=4),
            position='after_conv2',
        ),
        dict(cfg=dict(type='ContextBlock', ratio=1 / 8), position='after_conv3'),
    ]
    cfg.backbone.update(base_channels=4, init_cfg=None, plugins=plugins)
    cfg.neck = dict(
        type='mmacnn.LaplacianFPN',
        in_channels=CHANNELS,
        out_channels=8,
        num_outs=5,
        attention=attention,
    )
    cfg.rpn_head.update(in_channels=8, feat_channels=8)
    cfg.roi_head.bbox_roi_extractor.out_channels = 8
    cfg.roi_head.bbox_head.update(
        in_channels=8, fc_out_channels=16, num_classes=NUM_CLASSES
    )
    with DefaultScope.overwrite_default_scope('mmdet'):
        model = MODELS.build(cfg)
    for weight in model.state_dict().values():
        if weight.is_floating_point():
            nn.init.uniform_(weight, 0.1, 1)
    return model


class OfficialFusion(nn.Module):
    """What the authors' neck in PyTorch computes, under its names."""

    def __init__(self):
        super().__init__()
        self.conv_low = nn.Conv2d(8, 8, 3, padding=1)
        self.conv_high = nn.Conv2d(8, 8, 3, padding=1)
        self.alpha = nn.Parameter(torch.rand(()))
        self.beta = nn.Parameter(torch.rand(()))
        for name in ('se_sum', 'se_sub'):
            gate = nn.Module()
            gate.se_module = nn.Sequential(
                nn.Conv2d(8, 8, 1, bias=False),
                nn.ReLU(),
                nn.Conv2d(8, 8, 1, bias=False),
                nn.Sigmoid(),
            )
            setattr(self, name, gate)

    def forward(self, low, high):
        low, high = self.conv_low(low), self.conv_high(high)
        both, difference = low + high, low - high
        both = both * (1 + self.se_sum.se_module(both.mean((2, 3), True)))
        difference *= 1 + self.se_sub.se_module(difference.mean((2, 3), True))
        return self.alpha * both + self.beta * difference


class OfficialNeck(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner_blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, 8, 1)) for c in CHANNELS
        )
        self.layer_blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(8, 8, 3, padding=1)) for _ in CHANNELS
        )
        self.fusion_modules = nn.ModuleList(OfficialFusion() for _ in CHANNELS[1:])

    def forward(self, inputs):
        levels = [block(x) for block, x in zip(self.inner_blocks, inputs, strict=True)]
        for i in reversed(range(len(self.fusion_modules))):
            high = F.interpolate(levels[i + 1], levels[i].shape[2:])
            levels[i] = self.fusion_modules[i](levels[i], high)
        return [block(x) for block, x in zip(self.layer_blocks, levels, strict=True)]


@pytest.fixture
def official_parts():
    """The parts of the implementation in PyTorch that have another form than ours."""
    torch.manual_seed(0)
    box_head = TwoMLPHead(8 * 7 * 7, 16)
    return {
        'neck': OfficialNeck(),
        'rpn.head': RPNHead(8, 3),
        'roi_heads.box_head': box_head,
        'roi_heads.box_predictor': FastRCNNPredictor(16, NUM_CLASSES + 1),
    }


@pytest.fixture
def official_pytorch(canets, official_parts):
    """State dict of the implementation in PyTorch, made of ours and of the parts."""
    weights = {'_classes_': torch.zeros(4, 3)}
    for name, weight in canets[False].backbone.state_dict().items():
        if 'num_batches_tracked' not in name:  # its batch normalization is frozen
            name = name.replace('.spatial_attention_encoder.', '.plugin2.0.')
            name = name.replace('.context_block.', '.plugin3.0.')
            weights[f'backbone.{name}'] = weight
    for prefix, part in official_parts.items():
        for name, weight in part.state_dict().items():
            weights[f'{prefix}.{name}'] = weight
    return weights


def official_mmdet(model):
    """State dict of the implementation in MMDetection."""
    weights = dict(model.state_dict())
    for name in list(weights):
        if name.startswith('neck.cross_convs.1.'):
            weights[name.replace('convs.1.', 'convs.0.')] = torch.zeros(())
    return weights


@pytest.mark.parametrize('attention', [True, False])
@pytest.mark.parametrize('wrapper', [None, 'state_dict'])
@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_mmdetection_round_trip(canets, attention, wrapper, prefix, caplog):
    model = canets[attention]
    official = {prefix + k: v for k, v in official_mmdet(model).items()}
    with caplog.at_level(logging.INFO):
        converted = convert_canet_checkpoint(
            {wrapper: official, 'meta': {}} if wrapper else official
        )
    expected = model.state_dict()
    assert converted.keys() == expected.keys()
    assert all(weight.equal(expected[name]) for name, weight in converted.items())
    unused = len(official) - len(expected)
    reason = 'the official neck never uses the fusion module of its lowest level'
    assert f'{unused} weights dropped: {reason}' in caplog.messages
    assert f'{len(expected)} weights converted' in caplog.messages


def test_converting_twice_changes_nothing(canets):
    once = convert_canet_checkpoint(official_mmdet(canets[True]))
    twice = convert_canet_checkpoint(once)
    assert once.keys() == twice.keys()
    assert all(twice[name] is weight for name, weight in once.items())


def test_pytorch_model_computes_the_same(
    canets, official_parts, official_pytorch, caplog
):
    model = deepcopy(canets[False]).eval()
    with caplog.at_level(logging.INFO):
        converted = convert_canet_checkpoint({'model': official_pytorch, 'epoch': 3})
    model.load_state_dict(converted)
    assert '1 weights dropped: the names of the classes are in the config' in (
        caplog.messages
    )
    backbone = model.backbone.state_dict()
    official = official_pytorch['backbone.layer3.1.plugin2.0.appr_bias']
    assert backbone['layer3.1.spatial_attention_encoder.appr_bias'].equal(official)

    features = [
        torch.randn(2, c, s, s) for c, s in zip(CHANNELS, (16, 8, 4, 2), strict=True)
    ]
    levels = model.neck(features)[:4]
    assert_close(levels, official_parts['neck'](features))
    scores, boxes = model.rpn_head(levels)
    assert_close([scores, boxes], official_parts['rpn.head'](levels))

    regions = torch.randn(6, 8, 7, 7)
    scores, boxes = model.roi_head.bbox_head(regions)
    expected_scores, expected_boxes = official_parts['roi_heads.box_predictor'](
        official_parts['roi_heads.box_head'](regions)
    )
    # The background is class 0 there, and comes last here, without boxes.
    assert_close(scores[:, :-1], expected_scores[:, 1:])
    assert_close(scores[:, -1], expected_scores[:, 0])
    assert_close(boxes, expected_boxes[:, 4:])


def assert_close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    'name',
    [
        'backbone.layer1.0.conv2.offset.weight',
        'backbone.layer2.0.plugin2.0.kv_downsample.1.weight',
        'neck.inner_blocks.0.1.running_mean',
        'neck.attention_aggregation.conv_list1.0.bn.weight',
        'rpn.head.conv.1.0.weight',
        'roi_head.mask_head.conv_logits.weight',
        'fc.weight',
    ],
)
@pytest.mark.parametrize('flavour', ['mmdet', 'pytorch'])
def test_unknown_weight(canets, official_pytorch, flavour, name):
    weights = official_mmdet(canets[True]) if flavour == 'mmdet' else official_pytorch
    with pytest.raises(ValueError, match=f"weights: found 1 unknown, '{name}' first"):
        convert_canet_checkpoint({**weights, name: torch.zeros(1)})


@pytest.mark.parametrize('nothing', [{}, {'state_dict': {}}])
def test_no_weights(nothing):
    with pytest.raises(ValueError, match='weights: found none, expected'):
        convert_canet_checkpoint(nothing)


def test_two_weights_for_one_name(official_pytorch):
    second = 'backbone.layer2.0.plugin1.0.gamma'
    with pytest.raises(ValueError, match=r'would all be backbone.layer2.0.spatial_att'):
        convert_canet_checkpoint({**official_pytorch, second: torch.zeros(1)})


@pytest.fixture
def run_tool(monkeypatch):
    """Run the tool as its users do, but without a new process; give its exit status."""

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, arguments)])
        try:
            runpy.run_path(str(TOOL), run_name='__main__')
        except SystemExit as exit:
            return exit.code
        return 0

    return run


def test_tool_writes_once_and_overwrites_nothing(
    canets, run_tool, tmp_path, caplog, capsys
):
    source, target = tmp_path / 'official.pth', tmp_path / 'canet.pth'
    weights = official_mmdet(canets[True])
    torch.save(dict(meta=dict(CLASSES=('a', 'b')), state_dict=weights), source)
    with caplog.at_level(logging.INFO):
        assert run_tool(source, target) == 0
    assert 'weights dropped: the official neck never uses' in caplog.text
    written = torch.load(target, weights_only=True)['state_dict']
    assert written.keys() == canets[True].state_dict().keys()
    before = target.read_bytes()
    assert run_tool(source, target) == 2
    assert capsys.readouterr().err == f'error: {target} exists, name a new file\n'
    assert target.read_bytes() == before


def test_tool_names_the_file_that_it_cannot_convert(run_tool, tmp_path, capsys):
    source = tmp_path / 'other.pth'
    torch.save(dict(state_dict=dict(weight=torch.zeros(1))), source)
    assert run_tool(source, tmp_path / 'new.pth') == 2
    error = capsys.readouterr().err
    assert error.startswith(
        f"error: {source}: weights: found 1 unknown, 'weight' first"
    )
    assert error.count('\n') == 1
    assert list(tmp_path.iterdir()) == [source]
