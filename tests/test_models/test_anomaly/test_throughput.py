# Copyright (c) mmacnn authors. All rights reserved.
"""How fast an image is scored, beside a plain re-statement of the reference.

The reference scores view after view, computes the subnets once for z and once more for
the log-determinant, which the score does not need, and rotates each view for itself.
"""

from copy import deepcopy
from functools import partial
from pathlib import Path
from time import perf_counter

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from mmacnn.ops import rotate

ROOT = Path(__file__).parents[3]

CONFIG = ROOT / 'configs/_base_/models/differnet_alexnet.py'
NUM_VIEWS = 16  # Of 64: those that go through the network together.


def affine(coupling, subnet, condition, length):
    out = subnet(condition)
    scale = coupling.clamp * 0.636 * torch.atan(out[:, :length] / coupling.clamp)
    return scale, out[:, length:]


def plain_flow(flow, x):
    """z, and the log-determinant from a pass of its own over what the blocks saw."""
    seen = []
    blocks = list(flow.blocks)
    for permutation, block in zip(blocks[::2], blocks[1::2], strict=True):
        x = x[:, permutation.perm]
        x1, x2 = x[:, : block.split_len1], x[:, block.split_len1 :]
        s, t = affine(block, block.subnet2, x2, block.split_len1)
        y1 = s.exp() * x1 + t
        s, t = affine(block, block.subnet1, y1, block.split_len2)
        seen.append((block, x2, y1))
        x = torch.cat((y1, s.exp() * x2 + t), 1)
    log_det = 0
    for block, x2, y1 in seen:
        log_det += affine(block, block.subnet2, x2, block.split_len1)[0].sum(1)
        log_det += affine(block, block.subnet1, y1, block.split_len2)[0].sum(1)
    return x, log_det


def plain_score(model, backbone, image):
    total = 0
    for angle in model.core.views.angles:
        view = rotate(image, torch.tensor([angle]))
        features = []
        for size in model.core.feature_extractor.scales:
            resized = F.interpolate(view, size)
            features.append(backbone(resized)[-1].mean((2, 3)))
        z, _ = plain_flow(model.core.flow, torch.cat(features, 1))
        total += z.square().mean(1)
    return total / len(model.core.views.angles)


@pytest.mark.slow
@torch.inference_mode()
@pytest.mark.soak
def test_an_image_is_scored_twice_as_fast_as_by_the_reference():
    cfg = Config.fromfile(CONFIG).model
    cfg.views.num_test = NUM_VIEWS
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg).eval()
    image = torch.randn(1, 3, 448, 448)
    backbone = deepcopy(model.core.feature_extractor.backbone)
    backbone.to(memory_format=torch.contiguous_format)  # as it was loaded
    ways = dict(plain=partial(plain_score, model, backbone), ours=model.score)
    times, scores = {}, {}
    for _ in range(4):
        for name, score in ways.items():
            start = perf_counter()
            scores[name] = score(image)
            times.setdefault(name, []).append(perf_counter() - start)
    torch.testing.assert_close(scores['ours'], scores['plain'], rtol=1e-4, atol=0)
    # The fastest of each: another program can only make one slower.
    plain, ours = (min(times[name]) for name in ('plain', 'ours'))
    print(f'{plain:.2f} s and {ours:.2f} s, {plain / ours:.2f} times')
    assert plain / ours >= 2
