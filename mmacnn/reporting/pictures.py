# Copyright (c) mmacnn authors. All rights reserved.
"""Pictures of the images that were hardest, with what the model saw."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from mmengine.structures import BaseDataElement

from mmacnn.datasets.image_files import read_image
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.visualization import RoIVisualizer
from mmacnn.visualization.drawing import as_canvas, draw_box, draw_text, fit
from mmacnn.visualization.roi_visualizer import BOX_COLOUR, ROI_COLOUR, TEXT

from .records import Record
from .results import Run

FIELDS = (
    *('gt_label', 'gt_bboxes', 'pred_label', 'pred_score', 'pred_roi', 'pred_corners'),
    *('scale_factor', 'img_shape', 'pred_anomaly_score', 'anomaly_threshold'),
    *('map_threshold', 'map_unit', 'mm_per_pixel'),
)
WIDTH = 720  # Pixels of a picture in the page.
QUALITY = 78  # Of JPEG.
DETECTOR_SIZE = (540, WIDTH)


@dataclass(frozen=True)
class Picture:
    """A drawn prediction.

    Attributes:
        run: Place of the run among the runs.
        image: Place of the image among the run's predictions.
        record: The image.
        source: ``data:`` URL of a JPEG.
    """

    run: int
    image: int
    record: Record
    source: str


def draw_pictures(
    runs: Sequence[Run], limit: int
) -> tuple[list[Picture], list[tuple[int, str]]]:
    """Draw the hardest images of each run: the wrong ones, then the least sure.

    Args:
        runs: The runs.
        limit: How many pictures there may be in all.

    Returns:
        The pictures, run by run and the hardest first; and the run and path of each
        image that should be drawn and is gone or can't be read.
    """
    pictures, missing = [], []
    for number, run in enumerate(runs):
        fraction = limit * (number + 1) // len(runs) - limit * number // len(runs)
        order = sorted(
            range(len(run.records)), key=lambda i: -run.records[i].difficulty
        )
        depth = (run.info.get('data') or {}).get('depth')
        # An image that is gone uses up its place: thousands may be.
        for index in order[:fraction]:
            image = _read(run.records[index].path, depth)
            if image is None:
                missing.append((number, run.records[index].path))
                continue
            source = as_data_url(_draw(run, index, image))
            pictures.append(Picture(number, index, run.records[index], source))
    return pictures, missing


def _read(path: str, depth: int | None = None) -> np.ndarray | None:
    """An image as RGB, uint8; None if it is gone or is none."""
    try:
        return read_image(path, LoadAnyDepthImage(depth).read)[..., ::-1]
    except (OSError, ValueError):
        return None


def _draw(run: Run, index: int, image: np.ndarray) -> np.ndarray:
    record = run.records[index]
    if record.matches is not None:
        return _draw_boxes(run, record, image)
    prediction = run.predictions[index]
    fields = {key: prediction[key] for key in FIELDS if prediction.get(key) is not None}
    for key, value in run.maps.get(index, {}).items():
        fields[key] = _as_mask(value) if isinstance(value, bytes) else value
    if 'pred_mask' in fields and 'pred_heatmap' not in fields:
        fields.pop('pred_mask')
    if 'pred_heatmap' in fields:
        fields['pred_heatmap'] = np.asarray(fields['pred_heatmap'], np.float32)
    for key in ('gt_label', 'pred_label'):
        if key in fields:
            fields[key] = np.ravel(fields[key])
    if not len(fields.get('gt_bboxes', [0])):
        fields.pop('gt_bboxes')
    visualizer = RoIVisualizer()
    visualizer.dataset_meta = dict(classes=run.classes)
    return visualizer.add_datasample(record.name, image, _Sample(metainfo=fields))


class _Sample(BaseDataElement):
    """A data sample of plain values."""


def _as_mask(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) > 0


def _draw_boxes(run: Run, record: Record, image: np.ndarray) -> np.ndarray:
    """True boxes in one colour, found ones in another with class and score."""
    photo = fit(np.ascontiguousarray(image), *DETECTOR_SIZE)
    scale = np.tile(np.divide(photo.shape[1::-1], image.shape[1::-1]), 2)
    canvas, draw = as_canvas(photo)
    matches = record.matches
    for box in matches.true_boxes:
        draw_box(draw, box * scale, BOX_COLOUR)
    for box, label, score in zip(
        *(matches.boxes[matches.shown], matches.labels[matches.shown]),
        matches.scores[matches.shown],
        strict=True,
    ):
        left, top, *_ = box * scale
        draw_box(draw, box * scale, ROI_COLOUR)
        x, y = max(0, int(left)), max(8, int(top) - 10)
        text = f'{run.class_name(int(label))} {score:.2f}'
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            draw_text(draw, (x + dx, y + dy), text, photo.shape[1] - x, 13, (0, 0, 0))
        draw_text(draw, (x, y), text, photo.shape[1] - x, 13, TEXT)
    return np.asarray(canvas)


def as_data_url(picture: np.ndarray) -> str:
    """An RGB picture as the ``data:`` URL of a JPEG, at most 720 pixels wide."""
    if picture.shape[1] > WIDTH:
        picture = fit(picture, 10**6, WIDTH)
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    data = cv2.imencode('.jpg', picture[..., ::-1], settings)[1].tobytes()
    return f'data:image/jpeg;base64,{base64.b64encode(data).decode()}'
