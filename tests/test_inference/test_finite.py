# Copyright (c) mmacnn authors. All rights reserved.
"""With every method: tests/test_numbers.py."""

import pytest
import torch
from mmengine.structures import BaseDataElement
from torch import nn

from mmacnn.inference.finite import WatchedHeads, is_finite

NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize(
    ('values', 'expected'),
    [
        (torch.ones(2), True),
        (torch.tensor([1, 2]), True),
        (torch.tensor([True]), True),
        (torch.tensor([1.0, NAN]), False),
        (torch.tensor([-INF]).half(), False),
        (INF, False),
        ('nan', True),
        (None, True),
        ([dict(score=0.5, name='pit'), dict(score=NAN)], False),
        (BaseDataElement(score=torch.ones(1)), True),
        (BaseDataElement(found=BaseDataElement(box=torch.tensor([INF]))), False),
    ],
)
def test_is_finite(values, expected):
    assert is_finite(values) is expected


def test_heads_are_watched_image_by_image():
    head = nn.Identity()
    with WatchedHeads([head]) as heads:
        head([torch.tensor([[1.0], [NAN], [2.0]])])
    assert [heads.are_finite(i, 3) for i in range(3)] == [True, False, True]


def test_boxes_of_all_images_count_for_each():
    head = nn.Identity()
    with WatchedHeads([head]) as heads:
        head(torch.tensor([1.0, INF, 2.0, 3.0]))
    assert [heads.are_finite(i, 2) for i in range(2)] == [False, False]


def test_heads_are_left_as_they_were():
    head = nn.Identity()
    with WatchedHeads([head]) as heads:
        pass
    head(torch.tensor([NAN]))
    assert heads.outputs == [] and not head._forward_hooks
