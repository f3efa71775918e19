# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

BACKBONE = dict(
    type='mmacnn.StridedConvNet', stem_channels=8, stages=[(8, 2, (1,)), (8, 2, (1,))]
)
PLUGINS = [dict(cfg=dict(type='mmacnn.SE', ratio=8), position='after_relu')]


@pytest.fixture
def differnet_cfg():
    """A small DifferNet for 32x32 images: each part is the real one, only narrower."""
    return dict(
        type='mmacnn.DifferNet',
        data_preprocessor=dict(
            type='mmpretrain.ClsDataPreprocessor', mean=[128] * 3, std=[64] * 3
        ),
        feature_extractor=dict(
            type='mmacnn.MultiScaleFeatures', backbone=dict(BACKBONE), scales=(32, 16)
        ),
        flow=dict(
            type='mmacnn.NormalizingFlow',
            in_channels=16,
            num_blocks=2,
            hidden_channels=16,
        ),
        views=dict(type='mmacnn.RotatedViews', num_train=3, num_test=8),
        saliency=dict(type='mmacnn.GradientMap', sigma=1.0),
        views_at_once=3,
    )


@pytest.fixture
def build(differnet_cfg):
    """Build the small DifferNet, with other settings of it."""

    def build(**changes):
        torch.manual_seed(0)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            return MODELS.build(differnet_cfg | changes)

    return build


@pytest.fixture
def images():
    torch.manual_seed(1)
    return torch.randn(2, 3, 32, 32)
