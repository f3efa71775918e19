# Copyright (c) mmacnn authors. All rights reserved.
from collections import Counter

import numpy as np
import pytest

from mmacnn.datasets import LabelledFractionSampler


class Boxes:
    """A data set of ``total`` images, the first ``labelled`` with a box."""

    def __init__(self, total, labelled):
        self.total, self.labelled = total, labelled

    def __len__(self):
        return self.total

    def get_data_info(self, index):
        return dict(gt_bboxes=np.zeros((int(index < self.labelled), 4)))


def drawn(sampler, epoch=0):
    sampler.set_epoch(epoch)
    return list(sampler)


def test_every_image_is_seen_and_labelled_ones_make_up_the_fraction():
    sampler = LabelledFractionSampler(Boxes(100, 5), labelled_fraction=0.25, seed=0)
    counts = Counter(drawn(sampler))
    assert all(counts[i] == 1 for i in range(5, 100))
    labelled = sum(counts[i] for i in range(5))
    assert labelled / len(sampler) == pytest.approx(0.25, abs=0.01)
    # The repetitions are spread evenly.
    assert max(counts[i] for i in range(5)) - min(counts[i] for i in range(5)) <= 1


@pytest.mark.parametrize(('labelled', 'fraction'), [(30, 0.25), (5, 0.0), (0, 0.5)])
def test_nothing_is_repeated_without_need(labelled, fraction):
    sampler = LabelledFractionSampler(Boxes(100, labelled), fraction, seed=0)
    assert sorted(drawn(sampler)) == list(range(100))


def test_boxes_that_are_found_later_end_the_repetition():
    data = Boxes(100, 5)
    sampler = LabelledFractionSampler(data, labelled_fraction=0.5, seed=0)
    length = len(sampler)
    data.labelled = 30
    sampler.refresh()  # Not enough yet: those thirty are repeated.
    counts = Counter(drawn(sampler))
    assert [counts[i] > 1 for i in range(100)] == [True] * 30 + [False] * 70
    data.labelled = 70
    sampler.refresh()
    counts = Counter(index for epoch in range(20) for index in drawn(sampler, epoch))
    assert sum(counts.values()) == 20 * length == 20 * len(sampler)
    assert max(counts.values()) < 1.3 * min(counts.values())
    assert min(Counter(drawn(sampler)).values()) == 1


def test_order_follows_seed_and_epoch():
    data = Boxes(50, 5)
    first = drawn(LabelledFractionSampler(data, seed=1), epoch=3)
    assert drawn(LabelledFractionSampler(data, seed=1), epoch=3) == first
    assert drawn(LabelledFractionSampler(data, seed=1), epoch=4) != first
    assert drawn(LabelledFractionSampler(data, seed=2), epoch=3) != first
    in_order = drawn(LabelledFractionSampler(data, shuffle=False, seed=1))
    assert in_order[:50] == list(range(50))


def test_processes_share_the_epoch(monkeypatch):
    parts = []
    for rank in range(3):
        monkeypatch.setattr(
            'mmengine.dataset.sampler.get_dist_info', lambda rank=rank: (rank, 3)
        )
        sampler = LabelledFractionSampler(Boxes(50, 4), 0.25, seed=0)
        parts.append(drawn(sampler))
        assert len(parts[-1]) == len(sampler)
    assert len({len(part) for part in parts}) == 1
    assert set(sum(parts, [])) == set(range(50))


@pytest.mark.parametrize('fraction', [-0.1, 1.0])
def test_fraction_out_of_range(fraction):
    with pytest.raises(ValueError, match=r'labelled_fraction is .*expected.*\[0, 1\)'):
        LabelledFractionSampler(Boxes(4, 1), fraction, seed=0)
