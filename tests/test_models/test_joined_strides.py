# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.models.necks import JoinedStrides
from mmacnn.registry import MODELS


def test_the_result_lies_on_the_finest_map():
    neck = JoinedStrides([4, 6, 8], channels=5)
    maps = [
        torch.randn(2, c, *size) for c, size in ((4, (9, 14)), (6, (5, 7)), (8, (3, 4)))
    ]
    (joined,) = neck(maps)
    assert joined.shape == (2, 5, 9, 14)
    joined.square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in neck.parameters() if p.ndim == 4)


def test_maps_of_another_backbone():
    with pytest.raises(ValueError, match=r'maps of \[4, 8\] channels, expected \[4, 6'):
        JoinedStrides([4, 6])((torch.randn(1, 4, 8, 8), torch.randn(1, 8, 4, 4)))


def test_the_classifier_knows_where_its_cells_lie():
    """Those of stride 4, though the backbone goes on to stride 16."""
    backbone = dict(type='mmacnn.EfficientNetLite', out_indices=(2, 3, 4))
    model = MODELS.build(
        dict(
            type='mmacnn.CAMClassifier',
            backbone=dict(type='mmacnn.TruncatedBackbone', backbone=backbone),
            neck=dict(type='mmacnn.JoinedStrides', in_channels=[24, 40, 112]),
            head=dict(type='mmacnn.CAMHead', num_classes=2, in_channels=64),
        )
    )
    assert (model.head.stride, model.head.offset) == (4, 3.5)
    model.eval()
    (sample,) = model(torch.randn(1, 3, 64, 96), mode='predict')
    assert sample.pred_cam.shape == (1, 16, 24)
    assert sample.pred_heatmap.shape == (64, 96)
