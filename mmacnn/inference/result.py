# Copyright (c) mmacnn authors. All rights reserved.
"""What any of the methods says of an image, in one form."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from itertools import chain

import cv2
import numpy as np
from mmengine.structures import BaseDataElement

from mmacnn.utils import InputError


@dataclass(frozen=True)
class Detection:
    """A part of an image that a model found, or that it was asked about.

    A detector's box has a class and a score. A defect region, cut from a map, has
    neither. A prompt region has both, and ``prompted``.

    Args:
        box: (left, top, right, bottom) in pixels of the image.
        class_name: What is there; empty where the method does not name it.
        score: Of that class, in [0, 1]; None where the method gives none.
        label: Number of that class.
        area: Fraction of the image that a region covers, in [0, 1]; None for a box.
        prompted: The user named the place.
        sides: Length and width of a defect region in pixels of the image: of the
            smallest turned rectangle round it.
        pixels: Area of a defect region in pixels of the image.
        box_mm, sides_mm, area_mm2: Box, sides and area of a defect region in
            millimetres, where the model knows how large a pixel is.
    """

    box: tuple[float, float, float, float]
    class_name: str = ''
    score: float | None = None
    label: int | None = None
    area: float | None = None
    prompted: bool = False
    sides: tuple[float, float] | None = None
    pixels: float | None = None
    box_mm: tuple[float, float, float, float] | None = None
    sides_mm: tuple[float, float] | None = None
    area_mm2: float | None = None


@dataclass(frozen=True)
class InspectionResult:
    """One image's result. All detections are in pixels of the image as it was read.

    Args:
        source: Path of the file, ``array_3`` or ``video.mp4#3``.
        verdict: 'pass', 'fail', 'unsure' or 'unreadable', see
            :class:`mmacnn.line.rules.Judge`.
        label: Number of the class; None where a detector found nothing, and for an
            unreadable file. Of detections it is that of the surest one, of prompt
            regions that of the least sure one.
        class_name: Name of the class.
        score: Of that class, in [0, 1].
        scores: Of each class, in [0, 1], where the model classifies the image.
        roi: (left, top, right, bottom), where A-CNN looked.
        corners: (x, y) of a turned ROI's upper left, upper right, lower right and lower
            left corner, as the object is read; none of an upright one.
        detections: Boxes, the surest first; prompt regions, in the user's order; or
            defect regions, the largest first.
        heatmap: (H, W) float32, log-ratio or heatmap for a defect or for the object.
        mask: (H, W) bool, what the map marks.
        anomaly_score: Of an anomaly detector, for comparing images with one another.
        anomaly_threshold: Of that score; an image above it is defective. None where the
            model does not say it.
        milliseconds: ``read`` and ``predict``, the latter of its batch over the images;
            ``age``, of a camera's frame when the model took it.
        picture: File that was drawn.
        error: What is wrong with the file or the prediction, on one line.
    """

    source: str
    verdict: str = ''
    label: int | None = None
    class_name: str = ''
    score: float | None = None
    scores: tuple[float, ...] = ()
    roi: tuple[float, float, float, float] | None = None
    corners: tuple[tuple[float, float], ...] = ()
    detections: tuple[Detection, ...] = ()
    heatmap: np.ndarray | None = field(default=None, repr=False, compare=False)
    mask: np.ndarray | None = field(default=None, repr=False, compare=False)
    anomaly_score: float | None = None
    anomaly_threshold: float | None = None
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
        kept['detections'] = [asdict(found) for found in self.detections]
        return kept

    def to_row(self) -> dict:
        """One line of a table: :meth:`to_dict`, of the detections the first alone."""
        row = self.to_dict()
        row['num_detections'] = len(row.pop('detections'))
        first = self.detections[0] if self.detections else None
        row['box'] = _numbers(first.box) if first else ''
        for name in ('sides', 'sides_mm'):
            row[name] = _numbers((getattr(first, name) if first else None) or (), 2)
        for name in ('pixels', 'area_mm2'):
            row[name] = getattr(first, name) if first else None
        del row['scores']
        row['roi'] = _numbers(self.roi or ())
        row['corners'] = _numbers(chain(*self.corners))
        times = row.pop('milliseconds')
        for step in ('read', 'age', 'predict'):
            row[f'{step}_ms'] = round(times[step], 2) if step in times else None
        return row


def _numbers(values: Iterable[float], digits: int = 1) -> str:
    return ' '.join(f'{value:.{digits}f}' for value in values)


def fields_of_detections(
    detections: tuple[Detection, ...], best: Detection | None
) -> dict:
    """Fields of a result whose class is that of one of its detections."""
    if best is None:
        return dict(detections=detections)
    return dict(
        detections=detections,
        label=best.label,
        class_name=best.class_name,
        score=best.score,
    )


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


def require_threshold(result: InspectionResult, rules: dict) -> None:
    """See that something decides about an anomaly score.

    Args:
        result: Prediction of one image.
        rules: Verdict rules, see :mod:`mmacnn.line.rules`.

    Raises:
        InputError: Neither the model nor ``rules`` has a threshold for it.
    """
    is_undecided = result.score is None and result.anomaly_score is not None
    if is_undecided and 'image' not in rules:
        raise InputError(
            'found an anomaly score and no threshold in the model, expected a '
            'checkpoint that has one (mmacnn.AnomalyThresholdHook chooses it while '
            'training), or the rule image.fail_from'
        )
