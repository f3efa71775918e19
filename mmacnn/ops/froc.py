# Copyright (c) mmacnn authors. All rights reserved.
"""Detections as an inspector counts them: objects found against false alarms.

The free-response ROC curve: Bunch, Hamilton, Sanderson, Simmons, *A free response
approach to the measurement and characterization of radiographic observer performance*,
SPIE 127, 1977.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class ImageDetections(NamedTuple):
    """Detections and objects of an image; boxes are xyxy in its pixels.

    Attributes:
        boxes: (N, 4).
        scores: (N,).
        labels: (N,).
        true_boxes: (M, 4).
        true_labels: (M,).
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    true_boxes: np.ndarray
    true_labels: np.ndarray


def match(image: ImageDetections, iou_thr: float = 0.3) -> np.ndarray:
    """Which detections find an object of their class that no better one has found.

    Returns:
        (N,) bool; what is False is a false alarm.
    """
    matched = np.zeros(len(image.boxes), bool)
    if not len(image.true_boxes):
        return matched
    low = np.maximum(image.boxes[:, None, :2], image.true_boxes[:, :2])
    high = np.minimum(image.boxes[:, None, 2:], image.true_boxes[:, 2:])
    common = (high - low).clip(0).prod(-1)
    areas = (image.boxes[:, 2:] - image.boxes[:, :2]).prod(-1)
    true_areas = (image.true_boxes[:, 2:] - image.true_boxes[:, :2]).prod(-1)
    iou = common / np.maximum(areas[:, None] + true_areas - common, 1e-9)
    iou[image.labels[:, None] != image.true_labels] = 0
    for i in np.argsort(-image.scores, kind='stable'):
        best = iou[i].argmax()
        if iou[i, best] >= iou_thr:
            matched[i] = True
            iou[:, best] = 0  # found once
    return matched


def froc(
    images: Sequence[ImageDetections],
    rates: Sequence[float] = (0.1, 1.0),
    score_thr: float = 0.3,
    iou_thr: float = 0.3,
) -> dict[str, float]:
    """What is found at some rates of false alarms, and at one score.

    Args:
        images: One or more.
        rates: False alarms an image.
        score_thr: The score from which a box counts in the other figures.
        iou_thr: Least overlap at which an object counts as found. Low: who looks at the
            place that a box shows sees the defect.

    Returns:
        ``recall@RATE``; at the score ``found``, of all objects, ``false_per_image``,
        and ``images_without_false``, of those without an object; ``image_auroc`` of
        the images' highest scores, where some have an object and some have none. All
        are fractions. What cannot be told is left out.
    """
    matched = [match(image, iou_thr) for image in images]
    scores = np.concatenate([image.scores for image in images])
    correct = np.concatenate(matched)
    objects = sum(len(image.true_boxes) for image in images)
    order = np.argsort(-scores, kind='stable')
    false = np.cumsum(~correct[order]) / len(images)
    found = np.cumsum(correct[order])
    counted = scores >= score_thr
    results = dict(false_per_image=float((counted & ~correct).sum() / len(images)))
    if objects:
        for rate in rates:
            most = found[false <= rate].max(initial=0)
            results[f'recall@{rate:g}'] = float(most / objects)
        results['found'] = float((counted & correct).sum() / objects)
    from sklearn.metrics import roc_auc_score  # late: few need scikit-learn

    is_empty = np.array([not len(image.true_boxes) for image in images])
    highest = np.array([image.scores.max(initial=0) for image in images])
    if is_empty.any():
        quiet = highest[is_empty] < score_thr
        results['images_without_false'] = float(quiet.mean())
    if is_empty.any() and not is_empty.all():
        results['image_auroc'] = float(roc_auc_score(~is_empty, highest))
    return results
