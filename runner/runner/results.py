# Copyright (c) mmacnn authors. All rights reserved.
"""What a model says of a frame, in the fields of mmacnn's ``InspectionResult``.

So the log of a board and that of a workstation are read by the same program.
"""

from itertools import chain
from typing import Any, NamedTuple, Optional, Tuple

Box = Tuple[float, float, float, float]
STAGES = ('read', 'predict', 'prepare', 'network', 'decode')
TIMES = (*STAGES, 'age')


class Detection(NamedTuple):
    """A part of a frame: a detector's box, a defect region, or a prompt region.

    Args:
        box: left, top, right, bottom in pixels of the frame.
        class_name: what is there; empty where the model does not name it.
        score: of that class, in [0, 1]; None where the model gives none.
        label: number of that class.
        area: fraction of the frame that a region covers, in [0, 1]; None for a box.
        prompted: the user named the place.
        sides: length and width of a defect region in pixels of the frame, of the
            smallest turned rectangle round it.
        pixels: area of a defect region in pixels of the frame.
        box_mm, sides_mm, area_mm2: box, sides and area of a defect region in
            millimetres, where the model knows how large a pixel is.
    """

    box: Box
    class_name: str = ''
    score: Optional[float] = None
    label: Optional[int] = None
    area: Optional[float] = None
    prompted: bool = False
    sides: Optional[Tuple[float, float]] = None
    pixels: Optional[float] = None
    box_mm: Optional[Box] = None
    sides_mm: Optional[Tuple[float, float]] = None
    area_mm2: Optional[float] = None


class Result(NamedTuple):
    """One frame's result, all places in pixels of the frame as it was read.

    Args:
        source: path of the file, 'video.mp4#3' or 'camera 0#3'.
        verdict: 'pass', 'fail', 'unsure' or 'unreadable', see
            ``line.rules.Judge``.
        label: number of the class; of a detector its surest box's, of prompt regions
            the least sure one's. None where nothing was found.
        class_name: name of the class.
        score: of that class, in [0, 1].
        scores: of each class, in [0, 1], where the model classifies the frame.
        roi: left, top, right, bottom; it may reach outside.
        corners: (x, y) of a turned ROI's upper left, upper right, lower right and lower
            left corner, as the object is read; none of an upright one.
        detections: the surest first; defect regions, the largest first; prompt regions
            in the order of the command line.
        anomaly_score: to compare frames with one another.
        anomaly_threshold: above which it is defective; None where the model does not
            say it.
        milliseconds: ``read``, and ``predict`` with its ``prepare``, ``network`` and
            ``decode``; ``age``, of a camera's frame when the model took it.
        picture: file that was drawn.
        error: what is wrong with the frame or the prediction, on one line.
        time: seconds since 1970.
        heatmap: (h, w) float32 over all of the frame, higher is more defective.
        mask: (H, W) bool of the frame's size, what is marked.
    """

    source: str
    verdict: str = ''
    label: Optional[int] = None
    class_name: str = ''
    score: Optional[float] = None
    scores: Tuple[float, ...] = ()
    roi: Optional[Box] = None
    corners: Tuple[Tuple[float, float], ...] = ()
    detections: Tuple[Detection, ...] = ()
    anomaly_score: Optional[float] = None
    anomaly_threshold: Optional[float] = None
    milliseconds: Any = None
    picture: str = ''
    error: str = ''
    time: float = 0.0
    heatmap: Any = None
    mask: Any = None

    def to_dict(self):
        """Plain numbers and strings, without the arrays."""
        record = dict(self._asdict(), milliseconds=self.milliseconds or {})
        del record['heatmap'], record['mask']
        record['detections'] = [dict(each._asdict()) for each in self.detections]
        return record

    def to_row(self):
        """One line of a table: ``to_dict``, of the detections the first alone."""
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
        for stage in TIMES:
            row[stage + '_ms'] = round(times[stage], 2) if stage in times else None
        return row


def _numbers(values, digits=1):
    return ' '.join(f'{value:.{digits}f}' for value in values)


COLUMNS = tuple(Result('').to_row())
