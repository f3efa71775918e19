# Copyright (c) mmacnn authors. All rights reserved.
"""Network outputs -> what they say of the frame, by their roles.

Nothing here asks which method it was: detail.json gives each output a role.
"""

import cv2
import numpy as np

from .errors import UserError
from .maps import connected_regions, mark_regions, over_input
from .results import Detection

NOT_FINITE = (
    'the model gave numbers that are NaN or infinite, expected finite ones; are its '
    'weights damaged, or too large for the precision that it runs in?'
)
MASK_THRESHOLD = 0.5


def is_finite(outputs):
    """Whether all numbers of the outputs are.

    A comparison with NaN is false: its anomaly score is above no threshold, its class
    is the first one, so that it would read as good.

    Args:
        outputs (dict): name -> array.
    """
    return all(
        np.isfinite(array).all()
        for array in outputs.values()
        if np.issubdtype(array.dtype, np.floating)
    )


def decode(model, outputs, prepared, score_thr=0.3):
    """Outputs of a batch of one frame -> fields of its result.

    Args:
        model (ModelFolder): the model.
        outputs (dict): name -> array.
        prepared (Prepared): the input that they are of.
        score_thr (float): score in [0, 1] from which a detector's box counts.

    Returns:
        dict: fields of ``results.Result``, in pixels of the frame.
    """
    found = {role: outputs[name][0] for role, name in model.names.items()}
    if model.is_detector:
        return _of_detector(model, found, prepared, score_thr)
    fields, label, score, roi = {}, None, None, found.get('roi')
    if 'boxes' in found:  # one, and its label is the image's
        label, score, roi = found['labels'][0], found['boxes'][0, 4], found['boxes'][0]
    elif 'label' in found or 'scores' in found:
        label = found['label'][0] if 'label' in found else found['scores'].argmax()
    if 'scores' in found:
        score = found['scores'][int(label)]
        fields['scores'] = tuple(map(float, found['scores']))
    if label is not None:
        label = int(label)
        fields.update(label=label, class_name=model.class_name(label))
    if score is not None:
        fields['score'] = float(score)
    if roi is not None:
        fields['roi'] = _in_frame(roi[:4], prepared.scale)
    if 'corners' in found:
        corners = found['corners']
        fields['corners'] = tuple(_in_frame(each, prepared.scale) for each in corners)
    if 'anomaly_score' in found:
        fields['anomaly_score'] = float(found['anomaly_score'][0])
        threshold = model.outputs['anomaly_score'].get('threshold')
        fields['anomaly_threshold'] = threshold
    if 'map' in found:
        fields.update(_of_map(model, found['map'], label, prepared))
    return fields


def decode_regions(model, scores, masks):
    """Scores of prompt regions -> fields of the frame's result.

    Args:
        model (ModelFolder): the model.
        scores (np.ndarray): (R, classes).
        masks (list): R masks (H, W) of the frame's size.

    Returns:
        dict: fields of ``results.Result``.
    """
    detections = [
        Detection(
            mask_box(mask),
            model.class_name(int(each.argmax())),
            float(each.max()),
            int(each.argmax()),
            float(mask.mean()),
            prompted=True,
        )
        for mask, each in zip(masks, scores)
    ]
    least = min(detections, key=lambda each: each.score)  # the one to look at
    return dict(_of_detections(detections, least), mask=np.any(masks, axis=0))


def _of_detections(detections, best):
    """Fields of a result whose class is that of one of its detections."""
    return dict(
        detections=tuple(detections),
        label=best.label,
        class_name=best.class_name,
        score=best.score,
    )


def mask_box(mask):
    """Box of a mask, xyxy in pixels, edges and not indices."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    edges = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return tuple(float(edge) for edge in edges)


def _in_frame(box, scale):
    """xyxy in pixels of the input -> in pixels of the frame."""
    return tuple(float(edge) / scale[i % 2] for i, edge in enumerate(box))


def _of_detector(model, found, prepared, score_thr):
    scores, labels = found['boxes'][:, 4], found['labels']
    # Plugins of TensorRT fill up with boxes of the class -1.
    kept = np.flatnonzero((scores >= score_thr) & (labels >= 0))
    kept = kept[np.argsort(-scores[kept], kind='mergesort')]
    detections = [
        Detection(
            _in_frame(found['boxes'][i, :4], prepared.scale),
            model.class_name(int(labels[i])),
            float(scores[i]),
            int(labels[i]),
        )
        for i in kept
    ]
    fields = detector_fields(detections)
    if 'masks' in found:
        fields['mask'] = _union(found['masks'][kept], detections, prepared)
    return fields


def detector_fields(detections):
    """Fields of a result from a detector's boxes, the surest first."""
    return _of_detections(detections, detections[0]) if detections else {}


def _union(masks, detections, prepared):
    """Instance masks -> (H, W) bool of the frame.

    A mask covers its box, or the network's input where it is as large as that.
    """
    height, width = prepared.frame_size
    union = np.zeros((height, width), bool)
    for mask, detection in zip(masks, detections):
        mask = np.float32(mask)
        if mask.shape == prepared.input_size:
            mask = mask[: prepared.size[0], : prepared.size[1]]
            union |= cv2.resize(mask, (width, height)) > MASK_THRESHOLD
            continue
        x0, y0, x1, y1 = (int(round(edge)) for edge in detection.box)
        x1, y1 = max(x1, x0 + 1), max(y1, y0 + 1)
        inside = cv2.resize(mask, (x1 - x0, y1 - y0)) > MASK_THRESHOLD
        left, top = max(x0, 0), max(y0, 0)
        part = union[top : max(y1, 0), left : max(x1, 0)]
        part |= inside[top - y0 :, left - x0 :][: part.shape[0], : part.shape[1]]
    return union


def _of_map(model, values, label, prepared):
    """Heat map, what it marks, and the boxes of that."""
    facts = model.outputs['map']
    if values.ndim == 3:  # one map, or one for each class
        if len(values) > 1 and label is None:
            raise UserError(
                f'{model.path}: found a map of {len(values)} classes without their '
                'scores'
            )
        values = values[0 if len(values) == 1 else label]
    heatmap = over_input(
        values, prepared.input_size, prepared.size, facts['stride'], facts['offset']
    )
    if facts['threshold'] is None:
        return dict(heatmap=heatmap)
    marked = mark_regions(heatmap, facts, prepared.scale)
    mask = cv2.resize(
        marked.astype(np.uint8),
        prepared.frame_size[::-1],
        interpolation=cv2.INTER_NEAREST,
    )
    return dict(
        heatmap=heatmap,
        mask=mask.astype(bool),
        detections=measured_regions(facts, marked, prepared.scale),
    )


def measured_regions(facts, mask, scale):
    """The connected parts of a mask, the largest first.

    Args:
        facts (dict): of the map in detail.json; ``mm_per_pixel`` where it is known.
        mask (np.ndarray): (H, W) bool.
        scale (tuple): (x, y), pixels of the mask for one of the frame.

    Returns:
        tuple: a ``Detection`` of each.
    """
    return tuple(
        _region(facts, area, area / mask.size, lengths, _in_frame(box, scale), scale)
        for box, area, lengths in zip(*connected_regions(mask, scale))
    )


def _region(facts, count, area, sides, box, scale):
    """One defect region; in millimetres too, where a pixel's size is known."""
    pixels = float(count / (scale[0] * scale[1]))
    found = Detection(box, area=float(area), sides=sides, pixels=pixels)
    mm = facts.get('mm_per_pixel')
    if mm is None:
        return found
    return found._replace(
        box_mm=tuple(edge * mm for edge in box),
        sides_mm=tuple(side * mm for side in sides),
        area_mm2=pixels * mm**2,
    )
