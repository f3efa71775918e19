# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.registry import MODELS

HEAD = dict(type='mmacnn.CAMHead', num_classes=2, in_channels=32)


def build(**settings):
    torch.manual_seed(0)
    config = dict(
        type='mmacnn.CAMClassifier',
        backbone=dict(
            type='mmacnn.TruncatedBackbone',
            stride=16,
            backbone=dict(
                type='mmpretrain.ResNet', depth=18, stem_channels=8, base_channels=8
            ),
        ),
        head=HEAD,
    )
    model = MODELS.build({**config, **settings})
    torch.nn.init.normal_(model.head.fc.weight)
    return model


def test_modes_agree():
    model = build()
    model.eval()
    images = torch.randn(2, 3, 48, 80)
    samples = [DataSample(metainfo=dict(img_shape=(48, 80))) for _ in images]
    logits = model(images)
    samples = model(images, samples, mode='predict')
    for sample, logit in zip(samples, logits[:, 0], strict=True):
        torch.testing.assert_close(sample.pred_score[1], logit.sigmoid())
        torch.testing.assert_close(sample.pred_cam.mean(), logit)
        assert sample.pred_heatmap.shape == (48, 80)
        # The first cell lies on the first pixel, and the next one 16 pixels on.
        torch.testing.assert_close(
            sample.pred_heatmap[16, 32], sample.pred_cam[0, 1, 2]
        )


def test_every_weight_learns():
    model = build()
    samples = [DataSample().set_gt_label(label) for label in (0, 1)]
    losses = model(torch.randn(2, 3, 64, 64), samples, mode='loss')
    losses['loss'].backward()
    assert all(p.grad is not None for p in model.parameters())


def test_a_backbone_that_pools_is_refused():
    arch = dict(depths=[1, 1, 1, 1], channels=[8, 16, 24, 32])
    with pytest.raises(ValueError, match='set gap_before_final_norm=False'):
        build(backbone=dict(type='mmpretrain.ConvNeXt', arch=arch))
