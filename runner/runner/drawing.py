# Copyright (c) mmacnn authors. All rights reserved.
"""The picture of a result: ROI, boxes, heat map, what is marked, and the verdict."""

import cv2
import numpy as np
from line.rules import FAIL, PASS

FONT = cv2.FONT_HERSHEY_SIMPLEX
GREEN, RED, AMBER = (0, 200, 0), (60, 60, 255), (0, 190, 255)  # BGR
BLACK, WHITE, BLUE = (0, 0, 0), (255, 255, 255), (200, 90, 40)
COLOURS = {PASS: GREEN, FAIL: RED}  # of the verdicts; all others are amber
# The tint of mmacnn's pictures: fullest at this distance from the threshold, in the
# map's unit; linear up to about 1 / BEND, logarithmic beyond; above 0 with a step.
LIMIT, BEND = 10.0, 4.0
STEP, STRONGEST, STRONGEST_BELOW = 0.3, 0.85, 0.4


def draw(frame, result, threshold=0.0):
    """Draw a result on a copy of its frame.

    Args:
        frame (np.ndarray): (H, W, 3) uint8 BGR.
        result (Result): what was found on it.
        threshold (float): of the heat map: red above it, blue below.

    Returns:
        np.ndarray: the picture.
    """
    picture = frame.copy()
    if result.heatmap is not None:
        picture = tint(picture, result.heatmap - (threshold or 0.0))
    colour = COLOURS.get(result.verdict, AMBER)
    unit = max(1, int(round(min(frame.shape[:2]) / 400)))
    if result.mask is not None and result.mask.any():
        outline(picture, result.mask, colour, unit)
    if result.corners:
        _polygon(picture, result.corners, colour, unit)
    elif result.roi is not None:
        _rectangle(picture, result.roi, colour, unit)
    for each in result.detections:
        if not each.class_name:  # its outline is there
            continue
        if result.mask is None:
            _rectangle(picture, each.box, colour, unit)
        text = _text(each.class_name, each.score)
        _label(picture, text, each.box, colour, unit)
    _banner(picture, '  '.join(words(result)), colour, unit)
    return picture


def words(result):
    """What the banner says, by the regions that are drawn.

    Args:
        result (Result): what was found on a frame.

    Returns:
        list: texts, the verdict first.
    """
    texts = [result.verdict.upper()]
    is_anomaly = result.anomaly_score is not None
    if result.label is not None:
        # How many good images score lower is no confidence: the score itself is shown.
        score = None if is_anomaly else result.score
        texts.append(_text(result.class_name, score, result.label))
    if is_anomaly:
        texts.append(f'anomaly {result.anomaly_score:.4g}')
        if result.anomaly_threshold is not None:
            texts[-1] += f', threshold {result.anomaly_threshold:.4g}'
    # Of more than two classes, the map of a good image speaks for the good class.
    of_defect = result.label or len(result.scores) < 3
    if result.mask is not None and result.label is not None and of_defect:
        count = sum(not each.class_name for each in result.detections)
        if bool(count) != bool(result.label):
            texts.append(_region_count(count))
    return texts


def _region_count(count):
    return f"{count or 'no'} region{'' if count < 2 else 's'} above the map's level"


def tint(picture, values):
    """Tint a picture red where a map is above 0, blue where below.

    Args:
        picture (np.ndarray): (H, W, 3) uint8 BGR.
        values (np.ndarray): (h, w) over all of it, linear near 0, logarithmic beyond.

    Returns:
        np.ndarray: of the picture's shape.
    """
    level = np.sign(values) * np.log1p(BEND * np.abs(values)) / np.log1p(BEND * LIMIT)
    level = cv2.resize(np.float32(level.clip(-1, 1)), picture.shape[1::-1])
    above = STEP + (STRONGEST - STEP) * level
    strength = np.where(level > 0, above, -STRONGEST_BELOW * level)[..., None]
    grey = np.float32(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))[..., None]
    colour = np.where((level > 0)[..., None], np.float32(RED), np.float32(BLUE))
    return np.uint8(grey + (colour - grey) * strength)


def outline(picture, mask, colour, unit):
    """Draw the outer edges of a mask, with a dark rim; a hole has none."""
    contours, tree = cv2.findContours(  # OpenCV 3 returns three values, OpenCV 4 two
        mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )[-2:]
    contours = [each for each, place in zip(contours, tree[0]) if place[3] < 0]
    cv2.drawContours(picture, contours, -1, BLACK, 4 * unit)
    cv2.drawContours(picture, contours, -1, colour, 2 * unit)


def _text(name, score, label=None):
    # OpenCV's letters are ASCII; others would come out as question marks.
    if any(ord(letter) > 127 for letter in name):
        name = '?' if label is None else f'class {label}'
    return name if score is None else f'{name} {score:.2f}'


def _rectangle(picture, box, colour, unit):
    x0, y0, x1, y1 = (int(round(edge)) for edge in box)
    cv2.rectangle(picture, (x0, y0), (x1, y1), BLACK, 4 * unit)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 2 * unit)


def _polygon(picture, corners, colour, unit):
    """Outline a turned ROI, its upper side, as the object is read, drawn thicker."""
    points = np.int32(np.round(corners))
    for shade, width in ((BLACK, 4 * unit), (colour, 2 * unit)):
        cv2.polylines(picture, [points], True, shade, width)
    first, second = (tuple(map(int, point)) for point in points[:2])
    cv2.line(picture, first, second, colour, 4 * unit)


def _label(picture, text, box, colour, unit):
    """Text above a box; below it where the picture ends."""
    (width, height), below = cv2.getTextSize(text, FONT, 0.5 * unit, unit)
    x0, y0, _, y1 = (int(round(edge)) for edge in box)
    x = min(max(x0, 0), max(picture.shape[1] - width, 0))
    y = y0 - below - 2 * unit
    if y < height:
        y = min(y1 + height + 3 * unit, picture.shape[0] - below)
    _write(picture, text, (x, y), (width, height, below), colour, 0.5, unit)


def _banner(picture, text, colour, unit):
    """The verdict in the upper left corner, as large as the picture is wide."""
    size = 0.7
    (width, height), below = cv2.getTextSize(text, FONT, size * unit, 2 * unit)
    size *= min(1.0, picture.shape[1] / width)
    (width, height), below = cv2.getTextSize(text, FONT, size * unit, 2 * unit)
    place = 2 * unit, height + 3 * unit
    _write(picture, text, place, (width, height, below), colour, size, unit, 2)


def _write(picture, text, place, extent, colour, size, unit, weight=1):
    (x, y), (width, height, below) = place, extent
    corners = (x - 2 * unit, y - height - 3 * unit), (x + width, y + below)
    cv2.rectangle(picture, corners[0], corners[1], BLACK, cv2.FILLED)
    cv2.putText(
        picture, text, (x, y), FONT, size * unit, colour, weight * unit, cv2.LINE_AA
    )
