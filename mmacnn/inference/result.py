# Copyright (c) mmacnn authors. All rights reserved.
"""What any of the methods says of an image, in one form."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields

import cv2
import numpy as np
from mmengine.structures import BaseDataElement

from mmacnn.utils import InputError

PASS, FAIL, UNSURE, UNREADABLE = 'pass', 'fail', 'unsure', 'unreadable'


@dataclass(frozen=True)
class Detection:
    """A region of an image: a detection, a marked region, or one that was asked for.

    Args:
        box: (left, top, right, bottom) in pixels of the image.
        class_name: What is there; empty where the method does not name it.
        score: Of that class, in [0, 1]; None where the method gives none.
    """

    box: tuple[float, float, float, float]
    class_name: str = ''
    score: float | None = None


@dataclass(frozen=True)
class InspectionResult:
    """One image's result. All detections are in pixels of the image as it was read.

    Args:
        source: Path of the file, ``array_3`` or ``video.mp4#3``.
        verdict: 'pass', 'fail', 'unsure' or 'unreadable', see :class:`Inspector`.
        label: Number of the class; None where a detector found nothing, and for an
            unreadable file. A detector's is that of its surest box.
        class_name: Name of the class.
        score: Of that class, in [0, 1].
        roi: (left, top, right, bottom), where A-CNN looked.
        detections: Detections, or the parts of what a map marked, the largest first.
        heatmap: (H, W) float32, evidence for a defect or for the object.
        mask: (H, W) bool, what the map marks.
        anomaly_score: As the flow gives it, for comparing images with one another.
        milliseconds: ``read`` and ``predict``, the latter of its batch over the images.
        picture: File that was drawn.
        error: What is wrong with the file or the prediction, on one line.
    """

    source: str
    verdict: str
    label: int | None = None
    class_name: str = ''
    score: float | None = None
    roi: tuple[float, float, float, float] | None = None
    detections: tuple[Detection, ...] = ()
    heatmap: np.ndarray | None = field(default=None, repr=False, compare=False)
    mask: np.ndarray | None = field(default=None, repr=False, compare=False)
    anomaly_score: float | None = None
    milliseconds: dict[str, float] = field(default_factory=dict, compare=False)
    picture: str = ''
    error: str = ''

    def to_dict(self) -> dict:
        """Plain numbers and strings, without the arrays."""
        kept = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if item.name not in ('heatmap', 'mask')
        }
        kept['detections'] = [asdict(place) for place in self.detections]
        return kept

    def to_row(self) -> dict:
        """One line of a table: :meth:`to_dict`, of the detections the first alone."""
        row = self.to_dict()
        row['num_detections'] = len(row.pop('detections'))
        row['place'] = _numbers(self.detections[0].box) if self.detections else ''
        row['roi'] = _numbers(self.roi or ())
        times = row.pop('milliseconds')
        for step in ('read', 'predict'):
            row[f'{step}_ms'] = round(times[step], 2) if step in times else None
        return row


def _numbers(values: Collection[float]) -> str:
    return ' '.join(f'{value:.1f}' for value in values)


def detections_of(found: dict) -> tuple[Detection, ...]:
    """Places among the plain numbers of an inferencer.

    Args:
        found: With ``pred_boxes``, ``pred_classes`` and ``pred_scores``, or with
            ``pred_regions``, or neither.
    """
    if 'pred_boxes' in found:
        columns = (found[f'pred_{key}'] for key in ('boxes', 'classes', 'scores'))
        return tuple(
            Detection(tuple(box), name, score)
            for box, name, score in zip(*columns, strict=True)
        )
    return tuple(Detection(tuple(r['box'])) for r in found.get('pred_regions', ()))


def over_image(
    sample: BaseDataElement, key: str, size: tuple[int, int]
) -> np.ndarray | None:
    """A map of a data sample, resized to the image; None where it has none.

    Args:
        sample: With (h, w) at ``key``, covering the image edge to edge.
        key: 'pred_heatmap' or 'pred_mask'.
        size: (H, W) of the image.
    """
    if key not in sample:
        return None
    values = sample.get(key).numpy()
    if values.shape == tuple(size) and values.dtype in (bool, np.float32):
        return values
    if values.dtype != bool:
        return cv2.resize(values.astype(np.float32), size[::-1])
    whole = cv2.resize(
        values.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST
    )
    return whole.astype(bool)


def judge(
    sample: BaseDataElement,
    found: dict,
    accept: Collection[str] | None,
    min_score: float,
) -> str:
    """Verdict on an image, see :class:`Inspector`.

    Args:
        sample: Prediction of one image.
        found: The same as plain numbers, with ``pred_class`` or ``pred_classes``.
        accept: Names of the classes that pass.
        min_score: Score that the class must have for a verdict.

    Raises:
        InputError: The model has an anomaly score, and no threshold for it.
    """
    if found.get('is_prompted'):  # regions to be named, in the order of the detections
        if min(found['pred_scores']) < min_score:
            return UNSURE
        known = accept is None or set(found['pred_classes']) <= set(accept)
        return PASS if known else FAIL
    if 'pred_classes' in found:
        return FAIL if set(found['pred_classes']) - set(accept or ()) else PASS
    if 'pred_score' not in found:
        raise InputError(
            'found an anomaly score and no threshold in the model, expected a '
            'checkpoint that has one (mmacnn.AnomalyThresholdHook chooses it while '
            'training)'
        )
    if found['pred_score'] < min_score:
        return UNSURE
    if accept is not None:
        return PASS if found['pred_class'] in accept else FAIL
    # Who marks defects has the good class first; who names a product fails none.
    marks_defects = 'pred_mask' in sample or 'pred_anomaly_score' in sample
    return FAIL if marks_defects and found['pred_label'] else PASS
