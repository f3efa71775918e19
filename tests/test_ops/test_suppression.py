# Copyright (c) mmacnn authors. All rights reserved.
import torch
from torchvision.ops import nms

from mmacnn.ops import best_of_overlapping


def test_of_boxes_that_overlap_the_best_is_kept():
    box = torch.tensor([10.0, 10, 30, 20])
    boxes = torch.stack((box, box + 2, box + 100, box + 101, box + 40))[None]
    scores = torch.tensor([[0.3, 0.8, 0.9, 0.9, 0.1]])
    kept = best_of_overlapping(boxes, scores, 0.5)
    # Two of the same score stay both: neither is better.
    assert kept.tolist() == [[0, 1, 1, 1, 1]]


def test_pairs_are_kept_as_by_torchvision():
    """Where no box meets more than one other, both ways of suppression are one."""
    generator = torch.Generator().manual_seed(0)
    corner = torch.arange(20)[:, None].repeat(1, 2) * 50.0
    boxes = torch.cat((corner, corner + 20), 1).repeat(2, 1)
    boxes[20:] += torch.rand(20, 1, generator=generator) * 20
    scores = torch.rand(40, generator=generator)
    kept = best_of_overlapping(boxes[None], scores[None], 0.5)[0].nonzero()[:, 0]
    expected = nms(boxes, scores, 0.5).sort().values
    assert 20 < len(expected) < 40 and kept.tolist() == expected.tolist()
