# Copyright (c) mmacnn authors. All rights reserved.
"""Which images to label next: how sure the model is, and how unlike they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from mmacnn.inference.result import InspectionResult
from mmacnn.ops import nearest_distance

# What an image counts of which the model is quite sure: it may be wrong about what it
# has never seen, so that being unlike the labelled ones counts for such an image too.
LEAST_WEIGHT = 0.1
MOST_PAIRS = 2**24  # Distances that are computed together.


@dataclass(frozen=True)
class Doubt:
    """How unsure a model is, by what its result has.

    Args:
        num_classes: Of the model.
        score_thr: From which score a detector's box counts, in (0, 1).
        threshold: Of the anomaly score.
        usual_good: Median anomaly score of good images.
    """

    num_classes: int = 2
    score_thr: float = 0.3
    threshold: float | None = None
    usual_good: float | None = None

    def of(self, result: InspectionResult) -> float:
        """Uncertainty of a prediction, in [0, 1].

        - Anomaly score: 1 at the threshold, 0 from where a usual good image lies on,
          and as far above the threshold.
        - Scores of classes: 1 less the margin between the two highest.
        - Prompt regions: of the least sure one, 1 less its score; 1 where all classes
          are equally likely.
        - A detector's boxes: of the one nearest to ``score_thr``, 1 at it, 0 at score 0
          and 1, and without a box.
        """
        if result.anomaly_score is not None and self.threshold is not None:
            return self._near_threshold(result.anomaly_score)
        if len(result.scores) > 1:
            second, first = sorted(result.scores)[-2:]
            return _clip(1 - (first - second))
        scored = [each for each in result.detections if each.score is not None]
        if any(each.prompted for each in scored):
            classes = max(2, self.num_classes)
            return _clip(
                (1 - min(each.score for each in scored)) * classes / (classes - 1)
            )
        return max((self._near_score(each.score) for each in scored), default=0.0)

    def _near_threshold(self, score: float) -> float:
        distance = abs(score - self.threshold)
        reach = abs(self.threshold - self.usual_good)
        return _clip(1 - distance / reach) if reach else float(distance == 0)

    def _near_score(self, score: float) -> float:
        reach = self.score_thr if score < self.score_thr else 1 - self.score_thr
        return _clip(1 - abs(score - self.score_thr) / reach) if reach else 1.0


def _clip(value: float) -> float:
    return min(1.0, max(0.0, float(value)))


class Choice(NamedTuple):
    """An image that was chosen.

    Args:
        index: Of the image.
        distance: To the nearest image that is labelled or was chosen before; None for
            the first one where none is labelled.
    """

    index: int
    distance: float | None


def rank(
    features: np.ndarray,
    uncertainty: Sequence[float],
    count: int,
    labelled: np.ndarray | None = None,
) -> list[Choice]:
    """Choose images to label, the most worth it first.

    k-centre greedy (Sener and Savarese, *Active Learning for Convolutional Neural
    Networks: A Core-Set Approach*, ICLR 2018), where each image counts by how unsure
    the model is of it: always the image of the largest ``weight * distance``, with the
    distance to the nearest image that is labelled or was chosen before. Once an image
    is chosen, those that look like it come last, however unsure the model is of them.

    Args:
        features: (N, D).
        uncertainty: (N,), in [0, 1].
        count: How many to choose; all if there are fewer.
        labelled: (M, D), of images that have labels.

    Returns:
        The first ``count`` images. A distance of 1 is the usual one between an image
        and the mean of all.
    """
    features = np.asarray(features, dtype=np.float32)
    weight = LEAST_WEIGHT + (1 - LEAST_WEIGHT) * np.asarray(uncertainty, dtype=float)
    centre = features.mean(0)
    spread = np.sqrt(np.square(features - centre).sum(1).mean()) or 1.0
    features = (features - centre) / spread
    distances = np.full(len(features), np.inf)
    if labelled is not None:
        known = (np.asarray(labelled, dtype=np.float32) - centre) / spread
        distances = _nearest(features, known)
    left = np.ones(len(features), bool)
    choices = []
    for _ in range(min(count, len(features))):
        is_first = bool(np.isinf(distances).all())
        # Nothing to be unlike of yet: the least certain, then the most unusual one.
        worth = weight if is_first else weight * distances
        tie = _distance(features, 0.0) if is_first else weight
        best = left & (worth >= worth[left].max())
        index = int(np.argmax(np.where(best, tie, -np.inf)))
        choices.append(Choice(index, None if is_first else float(distances[index])))
        left[index] = False
        distances = np.minimum(distances, _distance(features, features[index]))
    return choices


def _distance(features: np.ndarray, point: np.ndarray | float) -> np.ndarray:
    return np.linalg.norm(features - point, axis=1)


def _nearest(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Distance (N,) of each of the features (N, D) to the nearest of (M, D)."""
    bank = torch.from_numpy(known).double()
    rows = torch.from_numpy(features).split(max(1, MOST_PAIRS // len(known)))
    return torch.cat([nearest_distance(each.double(), bank) for each in rows]).numpy()
