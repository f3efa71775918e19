# Copyright (c) mmacnn authors. All rights reserved.
"""What a model found in the tiles of a large frame, as one result."""

import cv2
import numpy as np
from line.tiles import NO_TILES, MergedMaps, badness, merge_boxes

from .decoding import detector_fields, measured_regions
from .errors import UserError


def merge_tiles(model, parts, size, score_thr):
    """Fields of a frame's result out of those of its tiles.

    Args:
        model (ModelFolder): the model.
        parts (iterable): (left, top, right, bottom) of each tile, and its fields; of a
            detector with all boxes, whatever their score.
        size (tuple): (H, W) of the frame.
        score_thr (float): score in [0, 1] from which a detector's box counts.

    Returns:
        dict: fields of ``results.Result``.

    Raises:
        UserError: the model does not tell good from defective.
    """
    merge = _boxes if model.is_detector else _maps
    return merge(model, parts, size, score_thr)


def _boxes(model, parts, size, score_thr):
    """What several tiles show is one box."""
    found, boxes, tiles, mask = [], [], [], None
    for number, ((left, top, right, bottom), fields) in enumerate(parts):
        for each in fields['detections']:
            found.append(each)
            boxes.append(np.add(each.box, (left, top, left, top)))
            tiles.append(number)
        if fields.get('mask') is not None:
            mask = np.zeros(size, bool) if mask is None else mask
            mask[top:bottom, left:right] |= fields['mask']
    boxes, kept = merge_boxes(
        np.float32(boxes).reshape(-1, 4),
        np.float32([each.score for each in found]),
        np.array([each.label for each in found], int),
        np.array(tiles, int),
    )
    merged = [
        found[index]._replace(box=tuple(map(float, box)))
        for box, index in zip(boxes, kept)
        if found[index].score >= score_thr
    ]
    return dict(detector_fields(merged), mask=mask)


def _maps(model, parts, size, score_thr):
    """The worst tile's class and scores, and the maximum of the maps."""
    merged = MergedMaps(size)
    for window, fields in parts:
        left, top, right, bottom = window
        heatmap = fields.get('heatmap')
        how_bad = badness(
            fields.get('scores'), fields.get('anomaly_score'), heatmap is not None
        )
        if how_bad is None:
            raise UserError(f'{model.path}: {NO_TILES}')
        if heatmap is not None:
            heatmap = cv2.resize(heatmap, (right - left, bottom - top))
        merged.add(window, fields, how_bad, heatmap, fields.get('mask'))
    fields = dict(merged.worst, heatmap=merged.heatmap, mask=merged.mask)
    if merged.mask is not None:
        facts = model.outputs['map']
        fields['detections'] = measured_regions(facts, merged.mask, (1.0, 1.0))
    return fields
