# Copyright (c) mmacnn authors. All rights reserved.
"""The page: one HTML file with everything in it."""

import json
import math
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mmacnn.utils import atomic_write
from mmacnn.version import __version__

from .charts import draw_charts
from .detections import SCORE_LIMIT
from .operating_point import Wish
from .pictures import Picture, draw_pictures
from .plant import answers, draw_escapes, worst_pictures
from .records import Record
from .results import Run, same_data
from .tables import agreement, confusion_tables, headline, page_warnings, run_details
from .templates import FOLDER, make_environment, read_style

MAX_PICTURES = 60  # About 5 MB.


def write_report(
    runs: Sequence[Run],
    out: str,
    title: str = 'Test report',
    benchmark: dict | None = None,
    max_pictures: int = MAX_PICTURES,
    wish: Wish | None = None,
) -> list[str]:
    """Write the report of one or several runs.

    Args:
        runs: The runs, with different names; the others are compared with the first.
        out: HTML file to write; an existing one is replaced.
        title: Heading of the page.
        benchmark: Content of the ``benchmark.json`` of
            ``tools/analysis_tools/benchmark.py``, for a table of times.
        max_pictures: How many pictures there may be in all.
        wish: What a plant wants of escapes and overkill, to show what it would take.

    Returns:
        Warnings that the page has on top: what a reader should know before the numbers.

    Raises:
        InputError: There are too few labelled parts to show what is wanted.
    """
    answered = answers(runs, wish)
    pictures, missing = draw_pictures(runs, max_pictures)
    warnings = page_warnings(runs, missing)
    text = (
        make_environment(truth_text=truth_text, label_text=label_text)
        .get_template('page.html')
        .render(
            title=title,
            version=__version__,
            made=datetime.now(timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
            runs=runs,
            warnings=warnings,
            answers=answered,
            worst=worst_pictures(pictures),
            escapes=draw_escapes(answered),
            headline=headline(runs),
            confusions=confusion_tables(runs),
            agreement=agreement(runs),
            charts=draw_charts(runs),
            benchmark=benchmark,
            score_limit=SCORE_LIMIT,
            pictures=pictures,
            details=[run_details(run) for run in runs],
            rows=_as_script(image_rows(runs, pictures)),
            style=read_style(),
            script=(FOLDER / 'script.js').read_text(encoding='utf-8'),
        )
    )
    with atomic_write(out) as path:
        # A byte of a file's name that is no UTF-8 is JSON's escape then.
        Path(path).write_text(text, encoding='utf-8', errors='backslashreplace')
    return warnings


def _as_script(value: Any) -> str:
    """JSON that can stand in a script element, whatever the names contain."""
    text = json.dumps(value, ensure_ascii=False, separators=(',', ':'))
    return text.replace('<', '\\u003c')


def image_rows(runs: Sequence[Run], pictures: Sequence[Picture]) -> list[dict]:
    """One entry an image for the script: what can be filtered and shown.

    Returns:
        ``name``, ``truth`` (class name), ``size`` (% of the image, None if not known)
        and ``runs``: for each run None, or ``label``, ``score``, ``correct`` and
        ``picture``, the place among the pictures, None without one.
    """
    drawn = {(each.run, each.image): i for i, each in enumerate(pictures)}
    rows: dict[tuple, dict] = {}
    for number, run in enumerate(runs):
        data = None if same_data(run, runs[0]) else run.fingerprint
        for index, record in enumerate(run.records):
            row = rows.setdefault(
                (data, record.name),
                dict(name=record.name, truth='', size=None, runs=[None] * len(runs)),
            )
            row['truth'] = row['truth'] or truth_text(run, record)
            if row['size'] is None and record.object_fraction:
                row['size'] = _short(100 * record.object_fraction)
            row['runs'][number] = dict(
                label=label_text(run, record),
                score=_short(record.score),
                correct=record.correct,
                picture=drawn.get((number, index)),
            )
    return list(rows.values())


def truth_text(run: Run, record: Record) -> str:
    """The true class, or the classes of the true boxes."""
    if record.matches is not None:
        labels = sorted(set(record.matches.true_labels.tolist()))
        return ', '.join(run.class_name(label) for label in labels) or 'no object'
    return '' if record.truth is None else run.class_name(record.truth)


def label_text(run: Run, record: Record) -> str:
    """The predicted class, or what a detector found."""
    if record.matches is not None:
        found, total = int(record.matches.found.sum()), len(record.matches.found)
        false_positives = int((record.matches.matched[record.matches.shown] < 0).sum())
        return f'{found} of {total} detected' + (
            f', false alarms: {false_positives}' if false_positives else ''
        )
    return '' if record.label is None else run.class_name(record.label)


def _short(number: float | None) -> float | None:
    # JSON knows no NaN and nothing infinite.
    is_known = number is not None and math.isfinite(number)
    return float(f'{number:.4g}') if is_known else None
