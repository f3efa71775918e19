# Copyright (c) mmacnn authors. All rights reserved.
"""Counts, fractions and their uncertainty."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from .records import Record

MIN_IN_BIN, MAX_BINS = 15, 6


@dataclass(frozen=True)
class Fraction:
    """So many of so many, with the interval of 95 % confidence."""

    hits: int
    total: int

    @property
    def percent(self) -> float:
        return 100 * self.hits / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """Bounds in %, after Wilson, JASA 22 (1927), 209-212."""
        interval = binomtest(self.hits, self.total).proportion_ci(method='wilson')
        return 100 * interval.low, 100 * interval.high

    @property
    def exact_interval(self) -> tuple[float, float]:
        """Bounds in % that hold for few hits too (Clopper and Pearson)."""
        interval = binomtest(self.hits, self.total).proportion_ci(method='exact')
        return 100 * interval.low, 100 * interval.high

    def __str__(self) -> str:
        low, high = self.exact_interval
        return (
            f'{self.hits} of {self.total}: {self.percent:.2f} % (95 % interval '
            f'{low:.2f} to {high:.2f} %)'
        )


def correct_fraction(records: Sequence[Record]) -> Fraction | None:
    """Fraction of correct images; None if no image has a truth."""
    known = [record.correct for record in records if record.correct is not None]
    return Fraction(sum(known), len(known)) if known else None


def sized_outcomes(records: Sequence[Record]) -> tuple[np.ndarray, np.ndarray]:
    """Sizes of the objects and whether each is correct.

    For a detector each true box counts, for all others each image.

    Returns:
        Fractions of the image area (N,) in (0, 1], and (N,) bool.
    """
    sizes, correct = [], []
    for record in records:
        if record.matches is not None:
            sizes += record.box_fractions
            correct += record.matches.found.tolist()
        elif record.object_fraction and record.correct is not None:
            sizes.append(record.object_fraction)
            correct.append(record.correct)
    return np.array(sizes), np.array(correct, bool)


def size_edges(sizes: np.ndarray) -> np.ndarray:
    """Edges of bins with about the same number of objects in each.

    Args:
        sizes: (N,) fractions of the image area, N > 0.

    Returns:
        Rising edges, two or more; the first and last are the least and largest size.
    """
    count = int(np.clip(len(sizes) // MIN_IN_BIN, 1, MAX_BINS))
    edges = np.unique(np.quantile(sizes, np.linspace(0, 1, count + 1)))
    return edges if len(edges) > 1 else np.array([edges[0], edges[0] * 1.001])


def fractions_by_size(
    sizes: np.ndarray, correct: np.ndarray, edges: np.ndarray
) -> list[Fraction | None]:
    """Fraction of correct ones in each bin; None for an empty bin."""
    places = np.digitize(sizes, edges[1:-1])
    return [
        Fraction(int(correct[places == i].sum()), int((places == i).sum()))
        if (places == i).any()
        else None
        for i in range(len(edges) - 1)
    ]


def confusion(records: Sequence[Record]) -> Counter[tuple[int, int]]:
    """How often each (true, predicted) pair of classes is; -1 is no box."""
    pairs: Counter[tuple[int, int]] = Counter()
    for record in records:
        if record.matches is not None:
            pairs.update(record.matches.pairs())
        elif record.truth is not None and record.label is not None:
            pairs[record.truth, record.label] += 1
    return pairs
