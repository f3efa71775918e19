# Copyright (c) mmacnn authors. All rights reserved.
"""Whether a file of results holds what a report goes by."""

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

from mmacnn.utils import InputError
from mmacnn.utils.text import short

LARGEST = 1e9  # Pixels, or classes.


def check_prediction(prediction: dict[str, Any], where: str) -> None:
    """Look at the fields of a prediction that a report reads.

    Args:
        prediction: As ``tools/test.py --out`` writes it; None stands for nothing.
        where: Which one it is, for messages.

    Raises:
        InputError: A field is not what it should be.
    """
    _check_fields(prediction, FIELDS, where)
    for key in ('pred_instances', 'gt_instances'):
        instances = prediction.get(key)
        if instances is None and key == 'gt_instances':
            continue
        if key in prediction:
            _check_instances(instances, f'{where}: {key}', key == 'pred_instances')
    has_boxes = prediction.get('gt_bboxes') or (prediction.get('gt_instances') or {})
    if has_boxes and not prediction.get('ori_shape'):
        raise InputError(f'{where}: found boxes and no ori_shape, expected the size')
    scores = prediction.get('pred_score')
    for key in ('gt_label', 'pred_label'):
        label = prediction.get(key)
        for number in [] if label is None else _as_list(label):
            if scores is not None and number >= len(scores):
                raise InputError(
                    f'{where}: found {key} {number} and {len(scores)} scores, expected '
                    'one for each class'
                )


def check_info(metrics: Any, info: Any, maps: Any, path: str) -> None:
    """Look at what stands beside the predictions.

    Args:
        metrics: Numbers by name.
        info: What the run depended on.
        maps: Maps by the place of their image.
        path: The file, for messages.

    Raises:
        InputError: One of them is not what it should be.
    """
    for name, part in (('metrics', metrics), ('run', info), ('maps', maps)):
        if not isinstance(part, dict):
            raise InputError(f'{path}: {name}: found {short(part)}, expected a dict')
    for key, value in metrics.items():
        whole = [each for each in _as_list(value) if isinstance(each, Integral)]
        if not all(map(_is_small, whole)):
            raise InputError(
                f'{path}: metrics: found {short(key)} {short(value)}, expected '
                'numbers below 1e300'
            )
    _check_fields(info, INFO, f'{path}: run')
    if info.get('data'):
        _check_fields(info['data'], dict(images=_is_count), f'{path}: run: data', True)
    if info.get('time'):
        _check_fields(info['time'], TIME, f'{path}: run: time', True)
    if not all(isinstance(key, int) and isinstance(maps[key], dict) for key in maps):
        raise InputError(f'{path}: maps: expected dicts by the place of their image')


def _check_fields(
    values: dict, fields: dict[str, Callable], where: str, is_needed: bool = False
) -> None:
    for key, is_correct in fields.items():
        value = values.get(key)
        if (is_needed or value is not None) and not is_correct(value):
            raise InputError(
                f'{where}: found {key} {short(value)}, expected '
                f'{is_correct.__name__.strip("_").partition("_")[2].replace("_", " ")}'
            )


def _check_instances(instances: Any, where: str, has_scores: bool) -> None:
    keys = ('bboxes', 'labels', 'scores')[: 2 + has_scores]
    columns = [instances.get(k) or [] for k in keys] if _is_dict(instances) else [None]
    kinds = (_is_boxes, _is_labels, _is_numbers)
    if not all(kind(c) for kind, c in zip(kinds, columns, strict=False)) or (
        len({len(column) for column in columns}) > 1
    ):
        raise InputError(f'{where}: expected as many {", ".join(keys)}')


def _as_list(value: Any) -> list:
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_dict(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_small, value))


def _is_small(value: Any) -> bool:
    """A number, NaN among them, that fits a float."""
    return isinstance(value, Real) and not abs(value) >= 1e300 or value == math.inf


def _is_scores(value: Any) -> bool:
    return _is_numbers(value) and len(value) > 0


def _is_one_number(value: Any) -> bool:
    return _is_numbers(_as_list(value)) and len(_as_list(value)) == 1


def _is_labels(value: Any) -> bool:
    return all(
        isinstance(label, Integral) and 0 <= label < LARGEST
        for label in _as_list(value)
    )


def _is_place(value: Any) -> bool:
    return isinstance(value, Real) and abs(value) < LARGEST


def _is_box(value: Any) -> bool:
    return _is_numbers(value) and len(value) == 4 and all(map(_is_place, value))


def _is_boxes(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_box, value))


def _is_two_factors(value: Any) -> bool:
    return _is_numbers(value) and len(value) == 2 and all(1e-6 < v < 1e6 for v in value)


def _is_size(value: Any) -> bool:
    return (
        _is_numbers(value)
        and len(value) in (2, 3)
        and all(isinstance(v, Integral) and 0 < v < 1e6 for v in value[:2])
    )


def _is_fraction(value: Any) -> bool:
    return isinstance(value, Real) and 0 <= value <= 1


def _is_count(value: Any) -> bool:
    return isinstance(value, Integral) and 0 <= value < LARGEST


FIELDS = dict(
    gt_label=_is_labels,
    pred_label=_is_labels,
    pred_score=_is_scores,
    pred_anomaly_score=_is_one_number,
    gt_bboxes=_is_boxes,
    pred_roi=_is_box,
    scale_factor=_is_two_factors,
    ori_shape=_is_size,
    img_shape=_is_size,
    region_fraction=_is_fraction,
    object_fraction=_is_fraction,
)
INFO = dict(
    classes=_is_names,
    data=_is_dict,
    time=_is_dict,
    training=_is_dict,
    versions=_is_dict,
    environment=_is_dict,
)
TIME = dict(
    device=_is_text,
    threads=_is_count,
    batch_size=_is_count,
    seconds_per_image=_is_numbers,
)
