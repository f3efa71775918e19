# Copyright (c) mmacnn authors. All rights reserved.
"""Merged normalization changes the time, and not the verdict."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, DefaultScope
from torch.nn import BatchNorm2d

from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector

CONFIGS = Path(__file__).parents[2] / 'configs'
METHODS = dict(
    acnn='acnn/acnn-opt_strided_8e_synthetic-product-code.py',
    roi_mask='roi_mask/roi-mask_resnet18_8e_synthetic-regions.py',
    cam='cam/cam_strided-s16_20e_synthetic-defect-folders.py',
    canet='canet/canet_r18_fpn_8e_synthetic-surface-defects.py',
)


def make(method: str, folder: Path, **settings) -> Inspector:
    """An Inspector with random weights and statistics as a training leaves them."""
    config = CONFIGS / METHODS[method]
    cfg = load_config(str(config))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    for norm in norms_of(model):
        norm.running_mean.uniform_(-0.2, 0.2)
        norm.running_var.uniform_(0.7, 1.4)
    torch.save(model.state_dict(), folder / 'weights.pth')
    if method == 'roi_mask':
        settings['regions'] = [[[10, 10, 70, 10, 70, 60]]]
    return Inspector(
        str(config), str(folder / 'weights.pth'), 'cpu', score_thr=0.0, **settings
    )


def norms_of(model: torch.nn.Module) -> list[BatchNorm2d]:
    return [module for module in model.modules() if isinstance(module, BatchNorm2d)]


@pytest.mark.parametrize('method', METHODS)
def test_the_result_is_the_same(method, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    plain = make(method, tmp_path)
    fused = make(method, tmp_path, fuse_conv_bn=True)
    assert norms_of(plain.inferencer.model) and not norms_of(fused.inferencer.model)
    (before,), (after,) = plain(image), fused(image)
    assert after.verdict == before.verdict and after.label == before.label
    assert after.score == pytest.approx(before.score, abs=1e-4)
    if before.roi:
        assert after.roi == pytest.approx(before.roi, abs=1e-2)
    if before.heatmap is not None:
        assert np.allclose(after.heatmap, before.heatmap, atol=1e-3)
    for one, other in zip(before.detections[:1], after.detections[:1], strict=True):
        assert one.box == pytest.approx(other.box, abs=1e-1)


def test_a_layer_that_looks_at_a_normalization(tmp_path):
    inspector = make('cam', tmp_path)
    norms_of(inspector.inferencer.model)[0].register_forward_hook(lambda *_: None)
    with pytest.raises(ValueError, match='takes the output of backbone.*'):
        inspector.inferencer.fuse_conv_bn()


def test_an_exported_model_needs_it_not(tmp_path):
    inspector = make('cam', tmp_path)
    inspector.inferencer.is_exported = True
    with pytest.raises(ValueError, match='found an exported model'):
        inspector.inferencer.fuse_conv_bn()
