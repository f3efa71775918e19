# Copyright (c) mmacnn authors. All rights reserved.
"""Which boxes a detector found and missed, and its false positives."""

from dataclasses import dataclass

import numpy as np
import torch
from torchvision.ops import box_iou

SCORE_LIMIT = 0.3  # From which a box counts as found, as mmdet's tools have it.
IOU_LIMIT = 0.5


@dataclass(frozen=True)
class Matches:
    """The boxes of one image, the best found first.

    A found box of a class takes the true box of this class that it overlaps most and
    that no better box has matched, if their intersection over union is 0.5 or more.

    Attributes:
        boxes: (N, 4) xyxy in pixels of the image.
        labels: (N,).
        scores: (N,), falling.
        matched: (N,) index of the true box that each matches, -1 for none.
        true_boxes: (M, 4).
        true_labels: (M,).
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    matched: np.ndarray
    true_boxes: np.ndarray
    true_labels: np.ndarray

    @property
    def shown(self) -> np.ndarray:
        """(N,) whether each box scores enough to count as found."""
        return self.scores >= SCORE_LIMIT

    @property
    def found(self) -> np.ndarray:
        """(M,) whether each true box is found."""
        return np.isin(np.arange(len(self.true_boxes)), self.matched[self.shown])

    @property
    def mistakes(self) -> int:
        """Missed boxes and false positives."""
        return int((~self.found).sum() + (self.matched[self.shown] < 0).sum())

    @property
    def all_correct(self) -> bool:
        return self.mistakes == 0

    def pairs(self) -> list[tuple[int, int]]:
        """True and predicted class of each box, -1 where the other has none.

        Boxes left over are matched once more whatever their class, so that a box of the
        wrong class is one mistake and not two.
        """
        shown = np.flatnonzero(self.shown)
        correct = [i for i in shown if self.matched[i] >= 0]
        pairs = [(int(self.labels[i]), int(self.labels[i])) for i in correct]
        wrong = np.array([i for i in shown if self.matched[i] < 0], int)
        missed = np.flatnonzero(~self.found)
        again = _match(
            self.boxes[wrong],
            np.zeros(len(wrong)),
            self.true_boxes[missed],
            np.zeros(len(missed)),
        )
        for place, index in enumerate(wrong):
            truth = self.true_labels[missed[again[place]]] if again[place] >= 0 else -1
            pairs.append((int(truth), int(self.labels[index])))
        left = set(range(len(missed))) - set(again.tolist())
        return pairs + [(int(self.true_labels[missed[i]]), -1) for i in sorted(left)]


def match_boxes(prediction: dict) -> Matches:
    """Match the boxes of ``pred_instances`` and ``gt_instances``.

    Args:
        prediction: Both with ``bboxes`` in pixels of the image and ``labels``, the
            predicted also with ``scores``.
    """
    boxes, labels = _instances(prediction['pred_instances'])
    true_boxes, true_labels = _instances(prediction.get('gt_instances') or {})
    scores = np.asarray(prediction['pred_instances']['scores'], float).reshape(-1)
    order = np.argsort(-scores, kind='stable')
    boxes, labels, scores = boxes[order], labels[order], scores[order]
    matched = _match(boxes, labels, true_boxes, true_labels)
    return Matches(boxes, labels, scores, matched, true_boxes, true_labels)


def _instances(instances: dict) -> tuple[np.ndarray, np.ndarray]:
    boxes = np.asarray(instances.get('bboxes') or [], float).reshape(-1, 4)
    return boxes, np.asarray(instances.get('labels') or [], int).reshape(-1)


def _match(
    boxes: np.ndarray,
    labels: np.ndarray,
    true_boxes: np.ndarray,
    true_labels: np.ndarray,
) -> np.ndarray:
    matched = np.full(len(boxes), -1)
    if not len(boxes) or not len(true_boxes):
        return matched
    overlap = box_iou(torch.from_numpy(boxes), torch.from_numpy(true_boxes)).numpy()
    overlap[labels[:, None] != true_labels] = 0
    for index, row in enumerate(overlap):
        best = int(row.argmax())
        if row[best] >= IOU_LIMIT:
            matched[index] = best
            overlap[:, best] = 0
    return matched


def precision_recall(
    scores: np.ndarray, correct: np.ndarray, total: int
) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall at each score, the best box first.

    Args:
        scores: (N,) of all boxes of a class, in all images.
        correct: (N,) whether each matches a true box.
        total: Number of true boxes, > 0.

    Returns:
        Precision (N,) and recall (N,), both in [0, 1].
    """
    hits = np.cumsum(correct[np.argsort(-scores, kind='stable')])
    return hits / np.arange(1, len(hits) + 1), hits / total


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area under the curve of the best precision at each recall or more.

    Everingham et al., *The PASCAL Visual Object Classes Challenge: A Retrospective*,
    IJCV 2015, section 3.2: with the precision made monotonous, at all points.
    """
    best = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * best))
