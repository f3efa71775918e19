# Copyright (c) mmacnn authors. All rights reserved.
import pytest
import torch

from mmacnn.ops import best_f1_threshold, fpr_threshold, fraction_below


@pytest.mark.parametrize(('rate', 'expected'), [(0, 9), (0.1, 8), (0.25, 7), (0.9, 0)])
def test_no_more_false_alarms_than_allowed(rate, expected):
    scores = torch.arange(10.0)[torch.randperm(10)]
    threshold = fpr_threshold(scores, rate)
    assert threshold == expected
    assert (scores > threshold).float().mean() <= rate + 1e-6


def test_threshold_of_one_image():
    assert fpr_threshold(torch.tensor([3.5]), 0.05) == 3.5


@pytest.mark.parametrize(
    ('scores', 'rate', 'message'),
    [([], 0.05, 'found no score'), ([1.0], 1, 'found 1'), ([1.0], -0.1, 'found -0.1')],
)
def test_threshold_refuses(scores, rate, message):
    with pytest.raises(ValueError, match=message):
        fpr_threshold(torch.tensor(scores), rate)


def test_best_f1_by_trying_all():
    torch.manual_seed(0)
    labels = torch.arange(40) % 2
    scores = torch.randn(40) + labels

    def f1(threshold):
        found = scores > threshold
        hits = int((found & (labels == 1)).sum())
        return 2 * hits / (int(found.sum()) + int(labels.sum()))

    threshold, best = best_f1_threshold(scores, labels)
    assert best == pytest.approx(f1(threshold))
    assert best == pytest.approx(max(f1(score - 1e-6) for score in scores))


@pytest.mark.parametrize('label', [0, 1])
def test_best_f1_needs_both_kinds(label):
    with pytest.raises(ValueError, match=f'found {4 * label} defective of 4 images'):
        best_f1_threshold(torch.rand(4), torch.full((4,), label))


def test_share_below():
    good = torch.tensor([1.0, 2, 2, 4, 8])
    found = fraction_below(torch.tensor([0.0, 1, 2, 3, 8, 99]), good)
    torch.testing.assert_close(found, torch.tensor([0, 0, 0.25, 0.625, 1, 1]))


def test_share_below_a_single_score():
    found = fraction_below(torch.tensor([1.0, 2, 3]), torch.tensor([2.0]))
    assert found.tolist() == [0, 0, 1]
