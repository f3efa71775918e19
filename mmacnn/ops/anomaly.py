# Copyright (c) mmacnn authors. All rights reserved.
"""From anomaly scores to a decision: thresholds, and scores that an operator can read.

All scores rise with the anomaly.
"""

import math

import torch
from torch import Tensor


def fpr_threshold(good_scores: Tensor, rate: float) -> float:
    """The lowest threshold above which no more than a share of good images lies.

    Args:
        good_scores: (N,) scores of good images, N >= 1.
        rate: Share of good images, [0, 1), that may be reported as defective.

    Raises:
        ValueError: There is no score, or the rate is out of range.

    Example:
        >>> fpr_threshold(torch.arange(20.0), 0.05)
        18.0
    """
    if not 0 <= rate < 1:
        raise ValueError(f'max_fpr: found {rate}, expected 0 <= rate < 1')
    if not len(good_scores):
        raise ValueError('found no score of a good image, expected one at least')
    kept = math.ceil(round((1 - rate) * len(good_scores), 6))
    return float(good_scores.sort().values[kept - 1])


def best_f1_threshold(scores: Tensor, labels: Tensor) -> tuple[float, float]:
    """The threshold with the highest F1 of ``score > threshold``.

    Args:
        scores: (N,).
        labels: (N,), not 0 for a defect; both kinds must be there.

    Returns:
        The threshold, midway between two scores, and its F1 in [0, 1].

    Raises:
        ValueError: All images are of one kind.

    Example:
        >>> best_f1_threshold(torch.tensor([1.0, 2, 3, 4]), torch.tensor([0, 0, 1, 1]))
        (2.5, 1.0)
    """
    scores = torch.as_tensor(scores, dtype=torch.float64).cpu()
    defective = torch.as_tensor(labels).cpu() != 0
    if defective.all() or not defective.any():
        raise ValueError(
            f'best F1: found {int(defective.sum())} defective of {len(scores)} images, '
            'expected good and defective ones'
        )
    # Late, because all models import this package and few need scikit-learn.
    from sklearn.metrics import precision_recall_curve

    precision, recall, values = precision_recall_curve(defective, scores)
    f1 = 2 * precision * recall / (precision + recall).clip(min=1e-12)
    best = int(f1[: len(values)].argmax())
    lower = scores[scores < values[best]]
    below = float(lower.max()) if len(lower) else float(values[best]) - 1
    return (float(values[best]) + below) / 2, float(f1[best])


def fraction_below(scores: Tensor, good_scores: Tensor) -> Tensor:
    """Share of good images that score lower, between two of them interpolated.

    0 up to the lowest good score, 1 from the highest on; with a single good score, 0
    up to it and 1 above.

    Args:
        scores: (B,).
        good_scores: (N,) rising, N >= 1.

    Returns:
        (B,) in [0, 1].

    Example:
        >>> fraction_below(torch.tensor([1.0, 2.5, 9.0]), torch.arange(1.0, 6.0))
        tensor([0.0000, 0.3750, 1.0000])
    """
    if len(good_scores) == 1:
        return (scores > good_scores).to(scores)
    below, above = good_scores[:-1], good_scores[1:]
    gaps = (above - below).clamp(min=torch.finfo(good_scores.dtype).tiny)
    steps = (scores[:, None] - below) / gaps
    return steps.clamp(0, 1).mean(1)
