# Copyright (c) mmacnn authors. All rights reserved.
"""What a report needs to know of one image, whichever method predicted."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .detections import Matches, match_boxes


@dataclass(frozen=True)
class Record:
    """One image of a run; None where the prediction does not say it.

    Attributes:
        name: Path below the folder that holds all images.
        path: Path of the image when it was tested.
        truth: True class.
        label: Predicted class.
        score: Score of the predicted class, in [0, 1]; of a detector, the best box's;
            of an anomaly detector, the anomaly score.
        correct: Whether the prediction is correct: the class, or all boxes.
        difficulty: The larger, the harder for the model.
        object_fraction: Fraction of the image's area that the object, or the largest
            box, takes, in (0, 1].
        centre_error: Pixels of the image from the centre of the ROI to the box's.
        defect_score: Score of not being good, any unit; the larger, the worse.
        matches: Found and true boxes of a detector.
        box_fractions: Fraction of the image's area that each true box takes.
    """

    name: str
    path: str
    truth: int | None
    label: int | None
    score: float | None
    correct: bool | None
    difficulty: float
    object_fraction: float | None
    centre_error: float | None
    defect_score: float | None
    matches: Matches | None = None
    box_fractions: tuple[float, ...] = ()


def make_record(name: str, prediction: dict[str, Any]) -> Record:
    """Read a prediction as ``tools/test.py --out`` writes it.

    Args:
        name: What to call the image.
        prediction: Plain values by the common names of a data sample's fields.
    """
    known = dict(name=name, path=prediction['img_path'])
    if 'pred_instances' in prediction:
        matches = match_boxes(prediction)
        fractions = _area_fractions(matches.true_boxes, prediction)
        scores = prediction['pred_instances']['scores']
        return Record(
            **known,
            truth=None,
            label=None,
            score=max(scores, default=None),
            correct=matches.all_correct,
            difficulty=float(matches.mistakes),
            object_fraction=max(fractions, default=None),
            centre_error=None,
            defect_score=None,
            matches=matches,
            box_fractions=fractions,
        )
    boxes = _true_boxes(prediction)
    truth, label = (_number(prediction.get(key)) for key in ('gt_label', 'pred_label'))
    scores = prediction.get('pred_score')
    if label is None and scores is not None and 'pred_anomaly_score' not in prediction:
        label = int(np.argmax(scores))
    return Record(
        **known,
        truth=truth,
        label=label,
        score=_defect_score(prediction)
        if label is None or 'pred_anomaly_score' in prediction
        else _at(scores, label),
        correct=None if None in (truth, label) else truth == label,
        difficulty=difficulty(prediction),
        object_fraction=prediction.get('region_fraction')
        or prediction.get('object_fraction')
        or max(_area_fractions(boxes, prediction), default=None),
        centre_error=_centre_error(boxes, prediction),
        defect_score=_defect_score(prediction),
    )


def difficulty(prediction: dict[str, Any]) -> float:
    """How hard an image was: mistakes first, then by the score of the true class.

    Args:
        prediction: Plain values; ``gt_label``, ``pred_label``, ``pred_score`` and
            ``pred_anomaly_score`` are used, where they are.

    Returns:
        2 for a mistake of full confidence, 0 for full confidence in what is true;
        without scores of the classes, the anomaly score, negative if truly defective.
    """
    truth, label = (_number(prediction.get(key)) for key in ('gt_label', 'pred_label'))
    scores = prediction.get('pred_score')
    if scores is not None:
        if truth is None:
            return 1 - float(max(scores))
        label = int(np.argmax(scores)) if label is None else label
        return float(truth != label) + 1 - float(scores[truth])
    if 'pred_anomaly_score' in prediction and truth is not None:
        score = float(np.ravel(prediction['pred_anomaly_score'])[0])
        return -score if truth else score
    return float(None not in (truth, label) and truth != label)


def _at(scores: list | None, label: int) -> float | None:
    return None if scores is None else float(scores[label])


def _number(label: Any) -> int | None:
    """A label that stands alone or in a list of one."""
    values = [] if label is None else np.ravel(label)
    return int(values[0]) if len(values) == 1 else None


def _defect_score(prediction: dict) -> float | None:
    """As the metrics take it: class 0 is good."""
    if 'pred_anomaly_score' in prediction:
        return float(np.ravel(prediction['pred_anomaly_score'])[0])
    scores = prediction.get('pred_score')
    return None if scores is None else 1 - float(scores[0])


def _true_boxes(prediction: dict) -> np.ndarray:
    """(N, 4) xyxy in pixels of the image."""
    boxes = np.asarray(prediction.get('gt_bboxes') or [], float).reshape(-1, 4)
    return boxes / np.tile(prediction.get('scale_factor') or (1.0, 1.0), 2)


def _area_fractions(boxes: np.ndarray, prediction: dict) -> tuple[float, ...]:
    """Fraction of the image's area that each box takes."""
    height, width = prediction['ori_shape'][:2] if len(boxes) else (1, 1)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return tuple((areas / (height * width)).tolist())


def _centre_error(boxes: np.ndarray, prediction: dict) -> float | None:
    """As :class:`mmacnn.evaluation.RoILocalizationMetric` measures it."""
    roi = prediction.get('pred_roi')
    if roi is None or len(boxes) != 1:
        return None
    roi, box = np.asarray(roi, float), boxes[0]
    return float(np.hypot(*(roi[:2] + roi[2:] - box[:2] - box[2:])) / 2)
