# Copyright (c) mmacnn authors. All rights reserved.
"""Every CANet config builds with the blocks that its name promises."""

from functools import cache
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmacnn.registry import MODELS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / 'configs/canet').glob('*.py'))
NUM_CLASSES = {
    'coco': 80,
    'voc0712': 20,
    'neu-det': 6,
    'synthetic-surface-defects': 4,
    'detection-folders': 4,
}
BLOCKS = {
    'canet': {'SpatialAttentionEncoder', 'ContextBlock', 'LaplacianFPN'},
    'canet-encoder': {'SpatialAttentionEncoder'},
    'canet-context': {'ContextBlock'},
    'canet-laplacian': {'LaplacianFPN'},
    'canet-retinanet': {'SpatialAttentionEncoder', 'ContextBlock', 'LaplacianFPN'},
    'canet-small': {'SpatialAttentionEncoder', 'ContextBlock', 'LaplacianFPN'},
    'canet-rtmdet-tiny': {'SpatialAttentionEncoder', 'ContextBlock'},
    'rtmdet-tiny': set(),
    'faster-rcnn': set(),
    'faster-rcnn-small': set(),
}


@cache  # mmengine takes a second to find what lies in mmdet
def build(path):
    """The config, and its model without memory for weights."""
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    # EfficientNet reads numbers of its tensors, and plug-ins look at an image.
    reads = any(name in path.stem for name in ('efficientnet', 'cspnext'))
    with torch.device('cpu' if reads else 'meta'):
        return cfg, MODELS.build(cfg.model)


def test_there_are_configs():
    assert len(CONFIGS) == 19


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_config_builds(path):
    cfg, model = build(path)

    kinds = [type(module).__name__ for module in model.modules()]
    expected = BLOCKS[path.stem.partition('_')[0]]
    assert set().union(*BLOCKS.values()) & set(kinds) == expected
    for plugin in expected - {'LaplacianFPN'}:
        # In every block of all stages; elsewhere once in every stage that learns.
        depth = getattr(model.backbone, 'depth', path.stem.partition('_')[0])
        counts = {18: 8, 50: 16, 'canet-rtmdet-tiny': 4, 'canet-small': 3}
        assert kinds.count(plugin) == counts[depth]
    head = getattr(model, 'roi_head', model).bbox_head
    dataset = path.stem.rpartition('_')[2]
    assert head.num_classes == NUM_CLASSES[dataset]
    assert cfg.custom_imports.imports == ['mmacnn']
    # Nothing is downloaded that the config does not name.
    backbone = cfg.model.backbone
    pretrained = backbone.get('backbone', backbone).init_cfg
    if dataset == 'synthetic-surface-defects':
        assert pretrained is None and cfg.load_from is None
    elif 'cspnext' in path.stem:
        assert 'cspnext-tiny_imagenet' in pretrained.checkpoint
    elif dataset == 'detection-folders':
        assert pretrained.checkpoint == 'data/efficientnet-lite0.pth'
    else:
        assert pretrained.checkpoint == 'torchvision://resnet50'


@pytest.mark.parametrize('dataset', ['coco', 'voc0712', 'neu-det'])
def test_attention_is_where_it_was_published(dataset):
    _, model = build(ROOT / f'configs/canet/canet_r50_fpn_1x_{dataset}.py')

    block = model.backbone.layer1[0]
    encoder, decoder = block.after_conv2_plugin_names, block.after_conv3_plugin_names
    assert [len(encoder), len(decoder)] == [1, 1]
    encoder, decoder = getattr(block, encoder[0]), getattr(block, decoder[0])
    assert (encoder.num_heads, encoder.kv_stride) == (8, 2)
    assert (decoder.in_channels, decoder.ratio) == (256, 1 / 16)


def test_synthetic_configs_differ_in_the_blocks_alone():
    folder = ROOT / 'configs/canet'
    ours, theirs = (
        Config.fromfile(folder / f'{name}_r18_fpn_8e_synthetic-surface-defects.py')
        for name in ('canet', 'faster-rcnn')
    )
    assert ours.model.backbone.pop('plugins')
    ours.model.neck.type = 'FPN'
    for key in ('model', 'train_dataloader', 'optim_wrapper', 'param_scheduler'):
        assert ours[key] == theirs[key]
