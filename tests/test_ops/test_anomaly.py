# Copyright (c) mmacnn authors. All rights reserved.
import math

import pytest
import torch

from mmacnn.ops import (
    best_f1_threshold,
    fpr_threshold,
    fraction_below,
    images_needed,
    promised_fpr,
    threshold_rank,
)


@pytest.mark.parametrize(('rate', 'expected'), [(0, 9), (0.1, 9), (0.25, 8), (0.9, 1)])
def test_rank_of_the_threshold(rate, expected):
    scores = torch.arange(10.0)[torch.randperm(10)]
    found = fpr_threshold(scores, rate)
    assert found.value == expected and not found.is_extrapolated
    assert found.promised_fpr == pytest.approx((10 - expected) / 11)


@pytest.mark.parametrize('max_fpr', [0.01, 0.05, 0.2])
@pytest.mark.parametrize('confidence', [None, 0.5, 0.9])
def test_as_many_images_as_needed_and_one_less(max_fpr, confidence):
    needed = images_needed(max_fpr, confidence)
    assert threshold_rank(needed, max_fpr, confidence) == needed
    assert promised_fpr(needed, needed, confidence) <= max_fpr + 1e-12
    assert threshold_rank(needed - 1, max_fpr, confidence) == needed
    assert promised_fpr(needed - 1, needed - 1, confidence) > max_fpr


def test_no_number_of_images_promises_a_rate_of_0():
    assert fpr_threshold(torch.arange(9.0), 0).num_needed is None


def rates_above(count, confidence, draw=torch.rand, rate_above=lambda x: 1 - x):
    """True false positive rates at the thresholds of 2000 draws of ``count`` scores."""
    torch.manual_seed(0)
    thresholds = [
        fpr_threshold(draw(count), 0.05, confidence).value for _ in range(2000)
    ]
    return rate_above(torch.tensor(thresholds))


@pytest.mark.parametrize('count', [19, 39, 50, 120])
def test_expected_rate_keeps_its_word(count):
    rates = rates_above(count, None)
    promised = fpr_threshold(torch.rand(count), 0.05).promised_fpr
    assert promised <= 0.05 + 1e-12
    error = float(rates.std()) / 2000**0.5
    assert float(rates.mean()) == pytest.approx(promised, abs=4 * error)


@pytest.mark.parametrize(('count', 'confidence'), [(45, 0.9), (100, 0.9), (100, 0.5)])
def test_confidence_keeps_its_word(count, confidence):
    kept = float((rates_above(count, confidence) <= 0.05).double().mean())
    error = (confidence * (1 - confidence) / 2000) ** 0.5
    assert kept > confidence - 4 * error
    rank = threshold_rank(count, 0.05, confidence)  # The next lower one would not do.
    assert promised_fpr(count, rank - 1, confidence) > 0.05


@pytest.mark.parametrize('count', [2, 5, 10, 18])
def test_tail_keeps_its_word_for_exponential_scores(count):
    """Too few images for a promise: the tail has the rate if the assumption holds."""
    rates = rates_above(
        count, None, lambda n: -torch.rand(n).log(), lambda x: torch.exp(-x)
    )
    error = float(rates.std()) / 2000**0.5
    # Not below the largest score: the rate is somewhat lower than asked.
    assert 0.03 < float(rates.mean()) < 0.05 + 4 * error


def test_tail_with_confidence():
    torch.manual_seed(0)
    scores = -torch.rand(400, 12).log()
    rates = [math.exp(-fpr_threshold(each, 0.05, 0.9).value) for each in scores]
    assert sum(rate <= 0.05 for rate in rates) / 400 > 0.9 - 4 * (0.09 / 400) ** 0.5


def test_lower_rates_and_surer_ones_need_higher_thresholds():
    scores = torch.rand(60, generator=torch.Generator().manual_seed(1))
    for count in (8, 30, 60):
        rates = [0.3, 0.1, 0.05, 0.01]
        values = [fpr_threshold(scores[:count], rate).value for rate in rates]
        assert values == sorted(values)
        sure = [fpr_threshold(scores[:count], 0.05, c).value for c in (0.5, 0.8, 0.95)]
        assert sure == sorted(sure)


@pytest.mark.parametrize('count', [1, 2, 7])
def test_threshold_of_equal_scores(count):
    assert fpr_threshold(torch.full((count,), 3.5), 0.05).value == 3.5


@pytest.mark.parametrize(
    ('scores', 'rate', 'confidence', 'message'),
    [
        ([], 0.05, None, 'found no score'),
        ([1.0], 1, None, 'max_fpr: found 1'),
        ([1.0], -0.1, None, 'max_fpr: found -0.1'),
        ([1.0], 0.1, 1.0, 'confidence: found 1.0'),
    ],
)
def test_threshold_refuses(scores, rate, confidence, message):
    with pytest.raises(ValueError, match=message):
        fpr_threshold(torch.tensor(scores), rate, confidence)


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


def test_fraction_below():
    good = torch.tensor([1.0, 2, 2, 4, 8])
    found = fraction_below(torch.tensor([0.0, 1, 2, 3, 8, 99]), good)
    torch.testing.assert_close(found, torch.tensor([0, 0, 0.25, 0.625, 1, 1]))


def test_fraction_below_a_single_score():
    found = fraction_below(torch.tensor([1.0, 2, 3]), torch.tensor([2.0]))
    assert found.tolist() == [0, 0, 1]
