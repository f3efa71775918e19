# Copyright (c) mmacnn authors. All rights reserved.
"""Escapes and overkill of a run, and the threshold to which a plant sets them.

An escape is a defective part that passes, overkill a good part that fails.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from mmacnn.utils import InputError

from .detections import SCORE_LIMIT
from .records import Record
from .results import Run
from .statistics import Fraction

PROOF = 0.001  # The escape rate that plants ask for.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Costs:
    """What mistakes cost, in one currency.

    Args:
        escape: Of a defective part that passes.
        overkill: Of a good part that fails.
        defect_rate: Fraction of defective parts on the line, in (0, 1).
        parts: Parts of a shift.
    """

    escape: float
    overkill: float
    defect_rate: float
    parts: int = 1000

    def of(self, point: 'Point') -> float:
        """Cost of a shift."""
        escapes = self.defect_rate * point.escapes.percent / 100
        overkill = (1 - self.defect_rate) * point.overkill.percent / 100
        return self.parts * (escapes * self.escape + overkill * self.overkill)


@dataclass(frozen=True)
class Wish:
    """What a plant wants; None where it does not say it.

    Args:
        max_escape: Fraction of the defective parts that may pass, [0, 1).
        max_overkill: Fraction of the good parts that may fail, [0, 1).
        costs: For the cheapest threshold.
        confidence: With which the fractions shall hold on other parts, (0, 1); None
            for the fractions of these parts.
    """

    max_escape: float | None = None
    max_overkill: float | None = None
    costs: Costs | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class Point:
    """A threshold and what it does on labelled parts.

    Args:
        name: What the page calls it.
        escapes: Defective parts that pass, of the defective ones.
        overkill: Good parts that fail, of the good ones.
        fail_from: Defect score from which a part fails; None where the model decides.
        unsure_from: From which a person looks at it; None for no such band. Such a part
            is neither an escape nor overkill.
        unsure: Parts in that band, of all.
    """

    name: str
    escapes: Fraction
    overkill: Fraction
    fail_from: float | None = None
    unsure_from: float | None = None
    unsure: Fraction | None = None

    @property
    def lowest(self) -> float | None:
        """From which score a part does not pass."""
        return self.fail_from if self.unsure_from is None else self.unsure_from


@dataclass(frozen=True)
class Parts:
    """Labelled parts, at least one good and one defective.

    Args:
        records: (N) of the run.
        is_defective: (N,) bool.
        scores: (N,) defect scores, the higher, the worse.
        fails: (N,) bool, as the model decides.
    """

    records: Sequence[Record]
    is_defective: np.ndarray
    scores: np.ndarray
    fails: np.ndarray

    @property
    def good_scores(self) -> np.ndarray:
        return self.scores[~self.is_defective]

    @property
    def defect_scores(self) -> np.ndarray:
        return self.scores[self.is_defective]

    def own_point(self) -> Point:
        """As the model decides, without any rule."""
        passed = self.is_defective & ~self.fails
        failed = ~self.is_defective & self.fails
        return Point(
            'as the model decides',
            Fraction(int(passed.sum()), int(self.is_defective.sum())),
            Fraction(int(failed.sum()), int((~self.is_defective).sum())),
        )

    def point(
        self, fail_from: float, unsure_from: float | None = None, name: str = ''
    ) -> Point:
        """At thresholds."""
        low = fail_from if unsure_from is None else unsure_from
        good, bad = self.good_scores, self.defect_scores
        band = (self.scores >= low) & (self.scores < fail_from)
        return Point(
            name,
            Fraction(int((bad < low).sum()), len(bad)),
            Fraction(int((good >= fail_from).sum()), len(good)),
            fail_from,
            unsure_from,
            None if unsure_from is None else Fraction(int(band.sum()), len(band)),
        )

    def thresholds(self) -> np.ndarray:
        """(T,) rising: halfway between neighbouring scores, and beyond both ends."""
        scores = np.unique(self.scores)
        step = max(1e-6, float(scores[-1] / 100 - scores[0] / 100))
        middle = scores[:-1] / 2 + scores[1:] / 2
        return np.array([scores[0] - step, *middle, scores[-1] + step])

    def rates(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Thresholds (T,), and the numbers of escapes (T,) and of overkill (T,)."""
        limits = self.thresholds()
        good, bad = np.sort(self.good_scores), np.sort(self.defect_scores)
        overkill = len(good) - np.searchsorted(good, limits)
        return limits, np.searchsorted(bad, limits), overkill


def asks_for_defects(run: Run) -> bool:
    """Whether class 0 means good, so that escapes and overkill say something."""
    return (
        'pred_anomaly_score' in run.predictions[0]
        or len(run.predictions[0].get('pred_score') or ()) == 2
        or any(name.endswith('image_auroc') for name in run.metrics)
    )


def labelled_parts(run: Run) -> Parts | None:
    """The good and defective parts of a run; None where it does not have both.

    A detector's part is defective if it has a true box, its defect score is that of its
    surest box.
    """
    found = []
    for record in run.records:
        if record.matches is not None:
            score = record.score or 0.0
            is_defective = len(record.matches.true_boxes) > 0
            found.append((record, is_defective, score, score >= SCORE_LIMIT))
        elif None not in (record.truth, record.defect_score, record.label):
            fails = record.label > 0
            found.append((record, record.truth > 0, record.defect_score, fails))
    found = [each for each in found if math.isfinite(each[2])]
    if not found or (found[0][0].matches is None and not asks_for_defects(run)):
        return None
    records, *columns = zip(*found, strict=True)
    is_defective, scores, fails = map(np.array, columns)
    if is_defective.all() or not is_defective.any():
        return None
    return Parts(records, is_defective, scores.astype(float), fails.astype(bool))


def upper_bound(
    hits: np.ndarray | int, total: int, confidence: float = CONFIDENCE
) -> np.ndarray | float:
    """Rate that the true one is below, with a confidence (Clopper and Pearson)."""
    hits = np.asarray(hits)
    bound = beta.ppf(confidence, hits + 1, np.maximum(total - hits, 1e-9))
    return np.where(hits >= total, 1.0, bound)


def parts_needed(rate: float, confidence: float = CONFIDENCE) -> int:
    """Parts, all of them right, that show a rate of mistakes below ``rate``."""
    return math.ceil(math.log1p(-confidence) / math.log1p(-rate))


def choose_point(parts: Parts, wish: Wish) -> Point:
    """The thresholds that give a plant what it wants.

    One wanted rate is met with as few mistakes of the other kind as possible. Where no
    single threshold meets both, a person looks at the parts between two. Without a
    wanted rate, the cheapest threshold is chosen.

    Args:
        parts: Labelled parts.
        wish: At least a rate or the costs.

    Raises:
        InputError: There are too few parts to show a rate with the confidence.
    """
    if wish.max_escape is None and wish.max_overkill is None:
        if wish.costs is None:
            raise InputError(
                'thresholds: expected max_escape, max_overkill, or costs, found none'
            )
        limits, *_ = parts.rates()
        points = [parts.point(limit, name='the cheapest') for limit in limits]
        return min(points, key=wish.costs.of)
    limits, escapes, overkill = parts.rates()
    highest = _limit(
        (limits, escapes, len(parts.defect_scores)),
        *('escape', wish.max_escape, wish.confidence, max),
    )
    lowest = _limit(
        (limits, overkill, len(parts.good_scores)),
        *('overkill', wish.max_overkill, wish.confidence, min),
    )
    if lowest is None or highest is None:
        return parts.point(lowest if highest is None else highest, name='chosen')
    if lowest <= highest:
        return parts.point((lowest + highest) / 2, name='chosen')
    return parts.point(lowest, highest, name='chosen')


def _limit(
    counted: tuple[np.ndarray, np.ndarray, int],
    name: str,
    wanted: float | None,
    confidence: float | None,
    choose: Callable,
) -> float | None:
    """The highest or lowest threshold with a rate as wanted; None if none is wanted."""
    if wanted is None:
        return None
    limits, hits, total = counted
    rates = hits / total if confidence is None else upper_bound(hits, total, confidence)
    if not (rates <= wanted).any():
        raise InputError(
            f'{name} {wanted:.4g} with a confidence of {confidence:.4g}: found {total} '
            f'labelled {"defective" if name == "escape" else "good"} parts, expected '
            f'{parts_needed(wanted, confidence) if wanted else "more than any"} or more'
        )
    return float(choose(limits[rates <= wanted]))


def changed_sides(parts: Parts, point: Point) -> list[tuple[Record, bool, float, str]]:
    """Parts that the point decides otherwise than the model does.

    Returns:
        For each, the surest first: its record, whether it is defective, its defect
        score, and the new verdict.
    """
    changed = []
    for record, is_defective, score, fails in zip(
        parts.records, parts.is_defective, parts.scores, parts.fails, strict=True
    ):
        now = 'fail' if score >= point.fail_from else 'unsure'
        now = 'pass' if score < point.lowest else now
        if now != ('fail' if fails else 'pass'):
            changed.append((record, bool(is_defective), float(score), now))
    return sorted(changed, key=lambda each: -abs(each[2] - point.fail_from))
