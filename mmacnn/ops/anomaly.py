# Copyright (c) mmacnn authors. All rights reserved.
"""From anomaly scores to a decision: thresholds, and scores that an operator can read.

All scores rise with the anomaly, and what is *above* a threshold is reported. Nothing
is assumed of them but that a new good image is drawn like those at hand, unless
:attr:`FprThreshold.is_extrapolated` says otherwise.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor


class FprThreshold(NamedTuple):
    """A threshold, and what it promises."""

    value: float
    """What lies above it is reported."""
    promised_fpr: float
    """Bound on the false positive rate that holds for any distribution of scores: of
    the expected rate, or with a confidence of the rate itself."""
    num_needed: int | None
    """How many good images a promise of ``max_fpr`` needs; None if none suffice."""
    is_extrapolated: bool
    """Whether it lies above all good scores, by a fitted tail."""


def fpr_threshold(
    good_scores: Tensor, max_fpr: float, confidence: float | None = None
) -> FprThreshold:
    """The lowest threshold that keeps good images from being reported too often.

    It is one of the scores, chosen by its rank. Without ``confidence`` as in split
    conformal prediction (Vovk et al., *Algorithmic Learning in a Random World*, 2005):
    the expected rate is at most ``max_fpr``. With it as a one-sided tolerance bound by
    order statistics (Wilks, 1941), which is the same as the limit of Clopper and
    Pearson: in this fraction of all draws of the good images, the rate is at most
    ``max_fpr``. Fewer images than that needs: see :func:`exponential_tail`.

    Args:
        good_scores: (N,) scores of good images, N >= 1.
        max_fpr: Fraction of good images that may be reported, [0, 1). With 0 the
            threshold is the largest score, whatever that promises.
        confidence: In (0, 1), or None.

    Raises:
        ValueError: There is no score, or a number is out of range.

    Example:
        >>> fpr_threshold(torch.arange(39.0), 0.05).value
        37.0
    """
    check_rates(max_fpr, confidence)
    count = len(good_scores)
    if not count:
        raise ValueError('found no score of a good image, expected one at least')
    scores = good_scores.detach().double().cpu().sort().values
    rank = threshold_rank(count, max_fpr, confidence)
    value, is_extrapolated = float(scores[min(rank, count) - 1]), False
    if rank > count and max_fpr > 0 and count > 1:
        tail = exponential_tail(scores, max_fpr, confidence)
        is_extrapolated = tail > value
        value = max(value, tail)
    return FprThreshold(
        value,
        promised_fpr(count, min(rank, count), confidence),
        images_needed(max_fpr, confidence),
        is_extrapolated,
    )


def check_rates(max_fpr: float, confidence: float | None) -> None:
    """Refuse what :func:`fpr_threshold` cannot do.

    Raises:
        ValueError: A number is out of range.
    """
    if not 0 <= max_fpr < 1:
        raise ValueError(f'max_fpr: found {max_fpr}, expected 0 <= rate < 1')
    if confidence is not None and not 0 < confidence < 1:
        raise ValueError(
            f'confidence: found {confidence}, expected 0 < confidence < 1, or None'
        )


def threshold_rank(count: int, max_fpr: float, confidence: float | None = None) -> int:
    """Rank of the score to take, 1 for the lowest; ``count + 1`` if none is enough.

    Args:
        count: Number of good images.
        max_fpr: See :func:`fpr_threshold`.
        confidence: See :func:`fpr_threshold`.

    Example:
        >>> threshold_rank(59, 0.05), threshold_rank(59, 0.05, confidence=0.9)
        (57, 59)
    """
    if confidence is None:
        # Rounded, for 0.95 * 20 not to become 20.
        return max(1, math.ceil(round((1 - max_fpr) * (count + 1), 6)))
    from scipy.stats import binom  # Late, because few models need scipy.

    # The number of scores below the quantile 1 - max_fpr is binomial.
    return int(binom.ppf(confidence, count, 1 - max_fpr)) + 1


def promised_fpr(count: int, rank: int, confidence: float | None = None) -> float:
    """What the score of a rank promises as a threshold, in (0, 1].

    The rate above it is Beta(count - rank + 1, rank) distributed.

    Args:
        count: Number of good images.
        rank: 1 to ``count``.
        confidence: See :func:`fpr_threshold`.

    Returns:
        The expected rate, or the bound that it keeps with this confidence.

    Example:
        >>> promised_fpr(19, 19)
        0.05
    """
    if confidence is None:
        return (count - rank + 1) / (count + 1)
    from scipy.stats import beta

    return float(beta.ppf(confidence, count - rank + 1, rank))


def images_needed(max_fpr: float, confidence: float | None = None) -> int | None:
    """The fewest good images whose largest score keeps the promise.

    Args:
        max_fpr: See :func:`fpr_threshold`.
        confidence: See :func:`fpr_threshold`.

    Returns:
        A number, or None: no number of images can promise a rate of 0.

    Example:
        >>> images_needed(0.05), images_needed(0.05, confidence=0.9)
        (19, 45)
    """
    if max_fpr == 0:
        return None
    if confidence is None:
        return math.ceil(round(1 / max_fpr, 6)) - 1
    return math.ceil(round(math.log(1 - confidence) / math.log(1 - max_fpr), 6))


def exponential_tail(
    scores: Tensor, max_fpr: float, confidence: float | None = None
) -> float:
    """A threshold beyond the largest score, if the upper half of the scores permits.

    Excesses over the median are taken as exponential, with a mean that is estimated
    from them; the uncertainty of that mean and of the median's own quantile is in the
    result. This is an assumption: on real images it kept its word better than a normal
    or log-normal fit, see docs/en/anomaly_threshold.md.

    Args:
        scores: (N,), N >= 2.
        max_fpr: In (0, 1).
        confidence: See :func:`fpr_threshold`.

    Example:
        >>> scores = torch.arange(1.0, 11.0)
        >>> round(exponential_tail(scores, 0.05), 2)
        14.19
    """
    count = len(scores)
    above = math.ceil(count / 2)  # how many excesses there are
    scores = scores.sort().values
    start = float(scores[count - above - 1])
    mean = float((scores[count - above :] - start).mean())
    return start + mean * _tail_factor(count, above, max_fpr, confidence)


def _tail_factor(
    count: int, above: int, max_fpr: float, confidence: float | None
) -> float:
    """How many mean excesses lie between the tail's start and the threshold.

    The fraction of good images above the start is P ~ Beta(above + 1, count - above),
    and the estimated mean excess is a Gamma(above) / above multiple G of the true one:
    a factor f gives a rate of P exp(-f G).
    """
    if confidence is None:
        # E[P] E[exp(-f G)] = (above + 1) / (count + 1) (1 + f / above)^-above
        ratio = (above + 1) / (count + 1) / max_fpr
        return above * (max(ratio, 1.0) ** (1 / above) - 1)
    import numpy as np
    from scipy.optimize import brentq
    from scipy.stats import beta, gamma

    levels = (np.arange(400) + 0.5) / 400
    fractions = beta.ppf(levels, above + 1, count - above)
    needed = np.log(np.maximum(fractions / max_fpr, 1))

    def excess_confidence(factor: float) -> float:
        return gamma.sf(above * needed / factor, above).mean() - confidence

    highest = 1.0
    while excess_confidence(highest) < 0:
        highest *= 2
    return float(brentq(excess_confidence, 1e-6, highest, xtol=1e-6))


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
    """Fraction of good images that score lower, between two of them interpolated.

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
