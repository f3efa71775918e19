# Copyright (c) mmacnn authors. All rights reserved.
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpretrain.structures import DataSample

DATA = Path(__file__).parents[1] / 'data'


@pytest.fixture
def acnn_cfg():
    """A small A-CNN for 64x96 images: every part is the real one, only narrower."""
    return dict(
        type='mmacnn.ACNN',
        localizer=dict(
            type='mmacnn.HeatmapLocalizer',
            in_channels=8,
            backbone=dict(
                type='mmacnn.StridedConvNet',
                stem_channels=8,
                stages=[(8, 2, (1, 2))],
            ),
        ),
        stn=dict(
            type='mmacnn.SpatialTransformerNeck',
            roi_size=(16, 24),
            output_size=(32, 48),
        ),
        backbone=dict(
            type='mmacnn.StridedConvNet',
            stem_channels=8,
            stem_stride=2,
            stem_kernel=3,
            stages=[(16, 2, (1,))],
        ),
        head=dict(type='mmacnn.NormedLinearClsHead', num_classes=3, in_channels=16),
    )


@pytest.fixture
def data_samples():
    """Three samples: class and box, class alone, class and box."""
    boxes = ([[10.0, 20.0, 30.0, 30.0]], [], [[60.0, 40.0, 80.0, 56.0]])
    samples = []
    for label, box in enumerate(boxes):
        sample = DataSample(metainfo=dict(img_shape=(64, 96), scale_factor=(0.5, 0.25)))
        sample.set_gt_label(label)
        sample.set_field(torch.tensor(box).view(-1, 4), 'gt_bboxes')
        samples.append(sample)
    return samples


@pytest.fixture
def golden():
    """Give vectors of a published implementation; ``weight.*`` in a dict ``weight``."""

    def load(name: str, dtype: torch.dtype = torch.float64) -> dict:
        vectors = defaultdict(dict)
        with np.load(DATA / f'{name}.npz') as file:
            for key in file:
                tensor = torch.from_numpy(file[key])
                tensor = tensor.to(dtype) if tensor.is_floating_point() else tensor
                group, _, rest = key.partition('.')
                if rest:
                    vectors[group][rest] = tensor
                else:
                    vectors[key] = tensor
        return dict(vectors)

    return load
