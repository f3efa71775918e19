# Copyright (c) mmacnn authors. All rights reserved.
"""What a model says of a frame, in the fields of mmacnn's ``InspectionResult``.

So the log of a board and that of a workstation are read by the same program.
"""

from typing import Any, NamedTuple, Optional, Tuple

Box = Tuple[float, float, float, float]
PASS, FAIL, UNSURE, UNREADABLE = 'pass', 'fail', 'unsure', 'unreadable'
STAGES = ('read', 'predict', 'prepare', 'network', 'decode')


class Detection(NamedTuple):
    """A part of a frame: a detection, a defect region, or a prompt region.

    Args:
        box: left, top, right, bottom in pixels of the frame.
        class_name: what is there; empty where the model does not name it.
        score: of that class, in [0, 1]; None where the model gives none.
    """

    box: Box
    class_name: str = ''
    score: Optional[float] = None


class Result(NamedTuple):
    """One frame's result, all places in pixels of the frame as it was read.

    Args:
        source: path of the file, 'video.mp4#3' or 'camera 0#3'.
        verdict: 'pass', 'fail', 'unsure' or 'unreadable', see ``judge``.
        label: number of the class; of a detector its surest box's, of prompt regions
            the least sure one's. None where nothing was found.
        class_name: name of the class.
        score: of that class, in [0, 1].
        roi: left, top, right, bottom; it may reach outside.
        detections: the surest first; defect regions, the largest first; prompt regions
            in the order of the command line.
        anomaly_score: to compare frames with one another.
        milliseconds: ``read``, and ``predict`` with its ``prepare``, ``network`` and
            ``decode``.
        picture: file that was drawn.
        error: what is wrong with the frame or the prediction, on one line.
        time: seconds since 1970.
        heatmap: (H, W) float32, higher is more defective; (H, W) as the network saw.
        mask: (H, W) bool of the frame's size, what is marked.
    """

    source: str
    verdict: str
    label: Optional[int] = None
    class_name: str = ''
    score: Optional[float] = None
    roi: Optional[Box] = None
    detections: Tuple[Detection, ...] = ()
    anomaly_score: Optional[float] = None
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
        row['box'] = _numbers(self.detections[0].box) if self.detections else ''
        row['roi'] = _numbers(self.roi or ())
        times = row.pop('milliseconds')
        for stage in STAGES:
            row[stage + '_ms'] = round(times[stage], 2) if stage in times else None
        return row


def _numbers(values):
    return ' '.join(f'{value:.1f}' for value in values)


COLUMNS = tuple(Result('', '').to_row())


def judge(prediction, accept, min_score):
    """Verdict on a frame.

    Args:
        prediction (Prediction): see ``decoding``.
        accept (set): names of the classes that pass; None if the user named none.
        min_score (float): score in [0, 1] below which a class decides nothing.

    Returns:
        str: 'fail' where a class that is not accepted has ``min_score`` or more; else
        'unsure' where a class, accepted or not, has less. It is about the classes of
        all boxes or prompt regions, else about that of the frame. Where no classes are
        accepted by name, no box is, and each prompt region; a model that marks
        defects, by a map or an anomaly score, accepts its first class alone, one that
        names products each.
    """
    detections = prediction.detections
    if prediction.is_prompted or prediction.is_detector:
        names = {each.class_name for each in detections}
        passing = accept
        if accept is None:
            passing = names if prediction.is_prompted else ()
        rejected = [each.score for each in detections if each.class_name not in passing]
        if rejected and max(rejected) >= min_score:
            return FAIL
        is_sure = all(each.score >= min_score for each in detections)
        return PASS if is_sure else UNSURE
    if prediction.score is not None and prediction.score < min_score:
        return UNSURE
    if accept is not None:
        return PASS if prediction.class_name in accept else FAIL
    is_defective = prediction.label
    if is_defective is None:  # a map alone
        is_defective = bool(detections)
    return FAIL if prediction.marks_defects and is_defective else PASS
