# Copyright (c) mmacnn authors. All rights reserved.
"""Golden parts: images in a model folder, with the results that they must have."""

import json
import os

from .errors import LineError
from .record import hash_file

FOLDER, FILE = 'golden', 'golden.json'
COMPARED = (
    *('verdict', 'label', 'class_name', 'score', 'anomaly_score', 'roi', 'detections'),
)


def compared_values(result):
    """What is compared of a result, as plain values.

    Args:
        result (dict): of ``to_dict``.
    """
    return json.loads(json.dumps({key: result[key] for key in COMPARED}))


def read_golden(folder):
    """The golden parts of a model folder.

    Args:
        folder (str): the model folder.

    Returns:
        dict: ``tolerance``, ``score_thr``, ``regions`` and ``images``, each of these
        with ``path`` and ``expected``; None where the folder has no golden parts.

    Raises:
        LineError: they are damaged.
    """
    place = os.path.join(folder, FOLDER)
    path = os.path.join(place, FILE)
    if not os.path.isdir(place):
        return None
    try:
        with open(path, encoding='utf-8') as file:
            golden = json.load(file)
        for each in golden['images']:
            each['path'] = os.path.join(place, os.path.basename(each['file']))
            is_same = hash_file(each['path']) == each['sha256']
            if not is_same or not set(each['expected']) <= set(COMPARED):
                raise ValueError(each['file'])
        missing = {'tolerance', 'score_thr', 'regions'} - set(golden)
        if missing:
            raise ValueError('no ' + sorted(missing)[0])
    except OSError as error:
        raise LineError(
            f'{error.filename}: expected golden parts: {error.strerror}'
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise LineError(
            f'{path}: the golden parts were damaged or changed ({error})'
        ) from None
    return golden


def differences(expected, found, tolerance):
    """What of a result is not as it must be, a phrase each.

    Args:
        expected (dict): some of ``compared_values``.
        found (dict): ``compared_values`` of this result.
        tolerance (dict): ``score``, an absolute difference, relative to the value for
            an anomaly score; ``pixels``, of an edge. Of defect regions the largest
            is compared.
    """
    lines = []
    for key, value in expected.items():
        if key == 'detections':
            lines += _of_detections(value, found[key], tolerance)
        elif not _is_near(key, value, found[key], tolerance):
            lines.append(f'{key} {_text(found[key])}, expected {_text(value)}')
    return lines


def _is_near(key, one, other, tolerance):
    if one is None or other is None or key in ('verdict', 'label', 'class_name'):
        return one == other
    if key == 'roi':
        return _distance(one, other) <= tolerance['pixels']
    scale = abs(one) if key == 'anomaly_score' else 1
    return abs(one - other) <= tolerance['score'] * scale


def _of_detections(expected, found, tolerance):
    if any(each['score'] is None for each in expected + found):  # defect regions
        expected, found = expected[:1], found[:1]
    names = [[each['class_name'] for each in several] for several in (expected, found)]
    if sorted(names[0]) != sorted(names[1]):
        return [f'detections {names[1]}, expected {names[0]}']
    lines, left = [], list(found)
    for one in expected:  # two of nearly one score may have changed places
        alike = [each for each in left if each['class_name'] == one['class_name']]
        other = min(alike, key=lambda each: _distance(one['box'], each['box']))
        left.remove(other)
        for key in ('box', 'score'):
            kind = 'roi' if key == 'box' else key
            if not _is_near(kind, one[key], other[key], tolerance):
                what = f'{key} of {one["class_name"] or "a region"}'
                lines.append(f'{what} {_text(other[key])}, expected {_text(one[key])}')
    return lines


def _distance(one, other):
    return max(abs(a - b) for a, b in zip(one, other))


def _text(value):
    if isinstance(value, list):
        return '(' + ', '.join(map(_text, value)) + ')'
    return f'{value:.4g}' if isinstance(value, float) else str(value)
