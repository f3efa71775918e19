# Copyright (c) mmacnn authors. All rights reserved.
"""The tables of the page, as plain values for the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmacnn.utils.text import short

from .charts import batch_times
from .metric_names import metric_name
from .results import Run, same_data
from .statistics import confusion, correct_fraction

MAX_CLASSES = 30  # Of a confusion matrix that still can be read.
MAX_PAIRS = 12
NO_BOX = 'no box'


@dataclass(frozen=True)
class Cell:
    """A number of a run, with its distance from the first run's."""

    text: str
    difference: str = ''
    detail: str = ''


def headline(runs: Sequence[Run]) -> list[tuple[str, str, list[Cell]]]:
    """Rows of the table on top: a name, the metric's key, a cell for each run.

    The key is empty where the name says all.
    """
    rows = [
        ('Images', '', [Cell(f'{len(run.records)}') for run in runs]),
        (_correct_name(runs), '', [_correct_cell(run, runs[0]) for run in runs]),
    ]
    keys = dict.fromkeys(key for run in runs for key in run.metrics)
    for key in keys:
        name = metric_name(key)
        cells = [_metric_cell(key, run, runs[0]) for run in runs]
        rows.append((name, key if key != name else '', cells))
    if any(len(batch_times(run)) for run in runs):
        rows.append(
            ('Median time for an image in the test', '', [_time(run) for run in runs])
        )
    return rows


def _correct_name(runs: Sequence[Run]) -> str:
    if any(run.records[0].matches is not None for run in runs):
        return 'Correct images: no missed defect, no false alarm'
    return 'Correct images'


def _correct_cell(run: Run, first: Run) -> Cell:
    fraction, other = correct_fraction(run.records), correct_fraction(first.records)
    if fraction is None:
        return Cell('–')
    low, high = fraction.interval
    return Cell(
        f'{fraction.percent:.2f} %',
        '' if run is first or not other else f'{fraction.percent - other.percent:+.2f}',
        f'{fraction.hits} of {fraction.total}; 95 % interval {low:.1f}–{high:.1f} %',
    )


def _metric_cell(name: str, run: Run, first: Run) -> Cell:
    value, other = run.metrics.get(name), first.metrics.get(name)
    if isinstance(value, list) and all(isinstance(v, (int, float)) for v in value):
        return Cell(', '.join(f'{v:.4g}' for v in value))  # of each class
    if name.startswith('coco/') and value == -1:
        value = None  # pycocotools says so where there is nothing of this kind
    if not isinstance(value, (int, float)):
        return Cell('–' if value is None else short(value))
    is_other = run is not first and isinstance(other, (int, float)) and value != other
    return Cell(f'{value:.4g}', f'{value - other:+.3g}' if is_other else '')


def _time(run: Run) -> Cell:
    times = batch_times(run)
    if not len(times):
        return Cell('–')
    time = run.info['time']
    detail = f'{time["device"]}, batches of {time["batch_size"]}'
    return Cell(f'{np.median(times):.1f} ms', detail=detail)


def confusion_tables(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """A confusion matrix for each run that has classes, and its most frequent mistakes.

    Returns:
        For each: ``run`` (place), ``names``, ``counts`` (rows are true classes) with
        the fraction of the row for the shade, and ``pairs``, the most frequent
        mistakes. ``counts`` is empty where there are too many classes to read.
    """
    tables = []
    for number, run in enumerate(runs):
        pairs = confusion(run.records)
        if not pairs:
            continue
        detects = run.records[0].matches is not None
        used = {label for pair in pairs for label in pair}
        labels = sorted(used | set(range(len(run.classes))), key=lambda x: (x < 0, x))
        names = {i: NO_BOX if i < 0 else run.class_name(i) for i in labels}
        mistakes = [
            (names[truth], names[label], count)
            for (truth, label), count in pairs.most_common()
            if truth != label
        ]
        rows = [] if len(labels) > MAX_CLASSES else _rows(labels, names, pairs)
        tables.append(
            dict(
                run=number,
                names=[names[label] for label in labels],
                rows=rows,
                pairs=mistakes[:MAX_PAIRS],
                more=max(0, len(mistakes) - MAX_PAIRS),
                what='boxes' if detects else 'images',
            )
        )
    return tables


def _rows(labels: Sequence[int], names: dict, pairs: dict) -> list[dict]:
    rows = []
    for truth in labels:
        counts = [pairs.get((truth, label), 0) for label in labels]
        total = sum(counts)
        rows.append(
            dict(
                name=names[truth],
                total=total,
                cells=[
                    dict(
                        count=count,
                        label=names[label],
                        shade=round(count / total, 2) if total else 0,
                        correct=truth == label,
                    )
                    for label, count in zip(labels, counts, strict=True)
                ],
            )
        )
    return rows


def agreement(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """How each other run agrees with the first, over the images that both have."""
    first = {r.name: r.correct for r in runs[0].records if r.correct is not None}
    tables = []
    for run in runs[1:]:
        if not same_data(run, runs[0]):
            continue
        pairs = [
            (first[r.name], r.correct)
            for r in run.records
            if r.name in first and r.correct is not None
        ]
        if pairs:
            counts = {pair: pairs.count(pair) for pair in set(pairs)}
            tables.append(
                dict(
                    names=(runs[0].name, run.name),
                    total=len(pairs),
                    both=counts.get((True, True), 0),
                    first=counts.get((True, False), 0),
                    second=counts.get((False, True), 0),
                    neither=counts.get((False, False), 0),
                )
            )
    return tables


def page_warnings(runs: Sequence[Run], missing: Sequence[tuple[int, str]]) -> list[str]:
    """What a reader should know before the numbers."""
    lines = []
    for number, run in enumerate(runs):
        gone = [path for place, path in missing if place == number]
        if gone:
            more = f' and {len(gone) - 3} more' if len(gone) > 3 else ''
            lines.append(
                f'{run.name}: {len(gone)} of the images to draw were removed '
                f'since the test or cannot be read: {", ".join(gone[:3])}{more}'
            )
        if not run.info:
            lines.append(
                f'{run.name}: the results have no data about the run; test again with '
                'tools/test.py --out for its config, versions and times'
            )
    if not all(same_data(run, runs[0]) for run in runs):
        lines.append(
            'The runs were tested on different data (see the fingerprints): their '
            'numbers cannot be compared'
        )
    elif len(runs) > 1 and not all(run.fingerprint for run in runs):
        lines.append('It is not known whether all runs were tested on the same data')
    return lines


def run_details(run: Run) -> dict[str, Any]:
    """What a run depended on: lines of a table, and the text of the config."""
    info = run.info
    data, time = info.get('data') or {}, info.get('time') or {}
    sha = info.get('weights_sha256')
    lines = {
        'Config': info.get('config'),
        'Weights': info.get('weights'),
        'SHA-256 of the weights': sha,
        'Training': ', '.join(
            f'{k} {v}' for k, v in (info.get('training') or {}).items()
        ),
        'Seed of the test': info.get('seed'),
        'Data': f'{data["images"]} images, fingerprint {data.get("fingerprint")}'
        if data
        else None,
        'Date of the test': info.get('date'),
        'Processor': info.get('processor'),
        'Device': f'{time["device"]}, {time["threads"]} threads on the CPU'
        if time
        else None,
        'Versions': ', '.join(
            f'{k} {v}' for k, v in (info.get('versions') or {}).items()
        ),
    }
    return dict(
        lines={key: value for key, value in lines.items() if value not in (None, '')},
        environment=info.get('environment') or {},
        config=info.get('config_text') or '',
    )
