# Copyright (c) mmacnn authors. All rights reserved.
"""Sizes of A-CNN against those of the paper (Kim, Yi, Lee, IEEE TIM 2025)."""

from pathlib import Path

import pytest
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmacnn.registry import MODELS

CONFIGS = Path(__file__).parents[2] / 'configs'


# Multiply-adds in 1e9 and parameters in 1e6, at 480x640. For acnn-opt the paper has
# 0.38 and 0.68; the aim of this project is 0.10, met when rounded.
@pytest.mark.parametrize(
    ('size', 'multiply_adds', 'parameters'),
    [('opt', 0.105, 0.68), ('best', 1.00, 0.70), ('base', 2.22, 0.71)],
)
def test_size_stays_below_the_paper(size, multiply_adds, parameters):
    cfg = Config.fromfile(
        CONFIGS / f'acnn/acnn-{size}_strided_8e_synthetic-product-code.py'
    )
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model).eval()
    info = get_model_complexity_info(model, (3, 480, 640), show_table=False)
    assert 0 < info['flops'] <= multiply_adds * 1e9
    assert 0 < info['params'] <= parameters * 1e6
