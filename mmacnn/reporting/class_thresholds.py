# Copyright (c) mmacnn authors. All rights reserved.
"""A threshold for each class of a detector, so that no class escapes more than others.

Scores of two classes cannot be compared: 0.4 may be a sure scratch and a doubtful dent.
A score's level can: the fraction of the parts with a true box of its class whose surest
box of this class scores less. A threshold on the level is one score for each class, at
which the same fraction of each class's parts stays below.
"""

from dataclasses import dataclass, replace

import numpy as np

from mmacnn.utils import InputError

from .operating_point import Parts, Point, labelled_parts
from .results import Run
from .statistics import Fraction

MIN_PARTS = (
    20  # With a class, below which it has the threshold of all classes together.
)


@dataclass(frozen=True)
class Levels:
    """Scores of a class and their levels, both rising strictly.

    Args:
        scores: (K,) in [0, 1].
        levels: (K,) in [0, 1].
    """

    scores: np.ndarray
    levels: np.ndarray

    def level_of(self, score: np.ndarray) -> np.ndarray:
        """Levels of scores; 0 where there is no box, whose score is 0."""
        return np.where(score > 0, np.interp(score, self.scores, self.levels), 0.0)

    def score_of(self, level: float) -> float:
        """The score of a level."""
        return float(np.interp(level, self.levels, self.scores))


@dataclass(frozen=True)
class ClassParts:
    """Parts whose scores are levels, and how to make scores of them again.

    Args:
        parts: Labelled parts; their scores are levels.
        levels: Of each class that has enough parts, by its number.
        others: Of all classes together, for those that have not.
        has: (N, C) bool, whether there is a true box of the class.
    """

    parts: Parts
    levels: dict[int, Levels]
    others: Levels
    has: np.ndarray

    def score_of(self, number: int | None, level: float | None) -> float | None:
        """The score of a level, for a class, or for those without one of their own."""
        if level is None:
            return None
        return self.levels.get(number, self.others).score_of(level)

    def escapes_of(self, number: int, point: Point) -> Fraction:
        """Parts with a true box of a class that pass, whatever boxes they have."""
        has = self.has[:, number]
        passed = self.parts.scores[has] < point.lowest
        return Fraction(int(passed.sum()), int(has.sum()))


def class_parts(run: Run) -> ClassParts:
    """The parts of a detector's run, their scores by class.

    Raises:
        InputError: It is of no detector, or has no good or no defective part.
    """
    parts = labelled_parts(run)
    if parts is None or parts.records[0].matches is None or not run.classes:
        raise InputError(
            f'{run.name}: a threshold for each class: expected results of a detector '
            'that names its classes, on good and defective images'
        )
    matches = [record.matches for record in parts.records]
    best = np.zeros((len(matches), len(run.classes)))
    has = np.zeros_like(best, bool)
    for row, each in enumerate(matches):
        np.maximum.at(best[row], each.labels, each.scores)
        has[row, each.true_labels] = True
    numbers = [n for n in range(len(run.classes)) if has[:, n].sum() >= MIN_PARTS]
    levels = {n: _levels_of(best[has[:, n], n]) for n in numbers}
    others = _levels_of(best[has.any(1)].max(1))
    columns = [
        levels.get(n, others).level_of(best[:, n]) for n in range(len(run.classes))
    ]
    by_level = replace(parts, scores=np.max(columns, axis=0))
    return ClassParts(by_level, levels, others, has)


def _levels_of(scores: np.ndarray) -> Levels:
    """Levels of the scores of a class's own parts."""
    scores = np.sort(scores)
    known = np.unique([0.0, *scores, 1.0])
    levels = np.searchsorted(scores, known, side='right') / (len(scores) + 1)
    levels[-1] = 1.0
    return Levels(known, levels)
