# Copyright (c) mmacnn authors. All rights reserved.
"""Of a classifier that reads what its ROI holds, and nothing else."""

from types import SimpleNamespace

import pytest
import torch

from mmacnn.models.classifiers.class_centre import centre_by_class
from mmacnn.models.localizers import Localization
from mmacnn.ops import as_direction, turn

SIZE, ROI = (480, 640), (40, 80)
OBJECT = torch.tensor([[300.0, 200.0], [400.0, 250.0]])  # (x, y), pixels
LABELS = torch.tensor([1, 0])


class Reader(SimpleNamespace):
    """Sure of the true class while the object is near the middle of the ROI."""

    stn = SimpleNamespace(roi_size=ROI)

    def extract_feat(self, inputs, where):
        offset = where.centre * torch.tensor([640.0, 480.0]) - OBJECT
        if where.direction is not None:
            back = where.direction * torch.tensor([1.0, -1.0])
            offset = turn(offset, back) / where.scale[:, None]
        return (offset.abs() / torch.tensor([80.0, 40.0]) <= 0.3).all(1)

    def head(self, inside):
        true = torch.nn.functional.one_hot(LABELS, 2).float()
        return torch.where(inside[:, None], 20 * true, 20 * (1 - true))


@pytest.mark.parametrize('pose', [False, True])
def test_an_error_of_the_localizer_gets_smaller(pose):
    error = torch.tensor([[20.0, -8.0], [-20.0, 8.0]])
    direction = scale = None
    if pose:
        direction = as_direction(torch.tensor([1.0, -2.0]))
        scale = torch.tensor([1.25, 0.8])
        error = turn(error * scale[:, None], direction)
    centre = (OBJECT + error) / torch.tensor([640.0, 480.0])
    where = Localization(centre, direction=direction, scale=scale)
    found = centre_by_class(Reader(), torch.zeros(2, 3, *SIZE), where, LABELS)
    left = (found * torch.tensor([640.0, 480.0]) - OBJECT).norm(dim=1)
    assert (left < error.norm(dim=1) / 2).all()


def test_no_error_stays_none():
    where = Localization(OBJECT / torch.tensor([640.0, 480.0]))
    found = centre_by_class(Reader(), torch.zeros(2, 3, *SIZE), where, LABELS)
    torch.testing.assert_close(found, where.centre)
