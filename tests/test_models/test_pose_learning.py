# Copyright (c) mmacnn authors. All rights reserved.
"""A pose is learned from upright boxes, and from images without one."""

import math

import cv2
import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

from mmacnn.ops import as_direction, turn
from mmacnn.registry import MODELS

WORDS = ('F7L', 'L2P', '7FJ')
SIZE = 64  # Of an image; a sign is 38 by 19 pixels at scale 1.
SIGN, ZOOM = (48, 96), 0.4
STEPS, BATCH, BOXED = 400, 16, 8
# How objects lay on the photographs, in degrees.
LAY = (0, 0, 0, 0, 0, 5, -8, 10, 90)


def draw(rng, angle, scale, centre):
    image = np.full((SIZE, SIZE, 3), 200, np.uint8)
    sign = np.full((*SIGN, 3), 60, np.uint8)
    word = WORDS[rng.randint(len(WORDS))]
    cv2.putText(sign, word, (6, 36), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (230,) * 3, 4)
    cos, sin = math.cos(angle), math.sin(angle)
    linear = scale * ZOOM * np.array([[cos, sin], [-sin, cos]])
    matrix = np.column_stack((linear, centre - linear @ (SIGN[1] / 2, SIGN[0] / 2)))
    return cv2.warpAffine(
        sign, matrix, (SIZE, SIZE), image, borderMode=cv2.BORDER_TRANSPARENT
    )


def batch(rng, count, lay=(0,)):
    """Images, true angle, scale and centre, and boxes that were upright once."""
    images, truth, samples = [], [], []
    for _ in range(count):
        lay_at = math.radians(lay[rng.randint(len(lay))])
        turned = rng.uniform(-math.pi, math.pi)
        scale, centre = math.exp(rng.uniform(-0.2, 0.2)), rng.uniform(26, 38, 2)
        images.append(draw(rng, lay_at + turned, scale, centre))
        truth.append((lay_at + turned, scale, *centre / SIZE))
        cos, sin = abs(math.cos(lay_at)), abs(math.sin(lay_at))
        height, width = (side * ZOOM * scale for side in SIGN)
        box = torch.tensor((width * cos + height * sin, width * sin + height * cos))
        corners = torch.tensor([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2 * box
        corners = turn(corners, as_direction(torch.tensor(turned)))
        sample = DataSample()
        sample.set_field(
            (corners + torch.from_numpy(centre).float())[None], 'gt_corners'
        )
        samples.append(sample)
    images = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    truth = torch.tensor(truth, dtype=torch.float32)
    return (images - 127) / 64, truth, samples


@pytest.mark.soak
def test_words_are_straightened():
    torch.manual_seed(0)
    rng = np.random.RandomState(0)
    backbone = dict(
        type='mmacnn.StridedConvNet',
        stem_channels=16,
        stages=[(24, 2, (1, 2))],
    )
    localizer = MODELS.build(
        dict(
            type='mmacnn.HeatmapLocalizer',
            in_channels=24,
            pose=True,
            backbone=backbone,
        )
    )
    pose_loss = MODELS.build(dict(type='mmacnn.PoseLoss', margin=1.0))
    heat_loss = MODELS.build(dict(type='mmacnn.HeatmapKLDivLoss', sigma=4.0))
    optimizer = torch.optim.AdamW(localizer.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, STEPS)
    known = torch.arange(BATCH) < BOXED
    for _ in range(STEPS):
        images, truth, samples = batch(rng, BATCH, LAY)
        for sample in samples[BOXED:]:
            sample.gt_corners = torch.zeros(0, 4, 2)
        found = localizer(images)
        losses = pose_loss(
            localizer, images, found, found.centre, samples, (20, 39)
        ) | dict(heat=heat_loss(found, truth[:, 2:], known, (SIZE, SIZE)))
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
        schedule.step()

    images, truth, _ = batch(rng, 200)
    with torch.no_grad():
        found = localizer.eval()(images)
    towards = (found.direction * as_direction(truth[:, 0])).sum(1)
    assert (towards > math.cos(math.radians(45))).float().mean() > 0.9
    ratio = (found.scale / truth[:, 1]).log()
    assert ratio.std() < 0.1 and ratio.median().abs() < 0.3
    error = (found.centre - truth[:, 2:]).norm(dim=1) * SIZE
    assert error.median() < 2
