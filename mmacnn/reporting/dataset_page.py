# Copyright (c) mmacnn authors. All rights reserved.
"""The page about a data set: figures beside small pictures, one HTML file."""

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from mmacnn.datasets.analysis.dataset import DatasetAnalysis
from mmacnn.datasets.analysis.dataset_text import (
    class_table,
    pixel_lines,
    split_table,
)
from mmacnn.utils import atomic_write
from mmacnn.version import __version__

from .dataset_pictures import draw_dataset
from .templates import make_environment, read_style

MAX_PICTURES = 200  # About 2 MB.
MAX_FILES = 50  # Of a kind that are named.
BINS = 24


def write_dataset_page(
    analyses: Sequence[DatasetAnalysis],
    out: str,
    extra: str = '',
    max_pictures: int = MAX_PICTURES,
) -> None:
    """Write the page of one data set, or of several categories.

    Args:
        analyses: The data sets.
        out: HTML file to write; an existing one is replaced.
        extra: Text of further checks, shown as it is.
        max_pictures: How many pictures there may be in all.

    Raises:
        OSError: The file cannot be written.
    """
    limit = max_pictures // max(1, len(analyses))
    text = (
        make_environment()
        .get_template('dataset_page.html')
        .render(
            title=f'Data set {Path(analyses[0].root).resolve().name}'
            if len(analyses) == 1
            else f'{len(analyses)} data sets',
            version=__version__,
            made=datetime.now(timezone.utc).strftime('%Y-%m-%d %H:%M UTC'),
            sections=[_section(analysis, limit) for analysis in analyses],
            extra=extra,
            style=read_style(),
        )
    )
    with atomic_write(out) as path:
        # A byte of a file's name that is no UTF-8 is written as an escape.
        Path(path).write_text(text, encoding='utf-8', errors='backslashreplace')


def _section(analysis: DatasetAnalysis, limit: int) -> dict:
    """What the template shows of a data set."""
    paths = [image.path for image in analysis.images]
    pictures = draw_dataset(analysis, limit)
    return dict(
        name=Path(analysis.root).resolve().name,
        root=analysis.root,
        layout=analysis.layout,
        problems=_some(analysis.problems()),
        warnings=analysis.warnings(),
        notes=analysis.notes,
        splits=split_table(analysis),
        classes=_class_rows(analysis),
        pixels=pixel_lines(analysis),
        charts=_charts(analysis),
        samples=pictures.samples,
        outliers=[
            dict(
                what=what,
                count=sum(o.what == what for o in analysis.outliers),
                pictures=thumbnails,
                files=_some(
                    f'{paths[o.index]} ({o.value:.3g})'
                    for o in analysis.outliers
                    if o.what == what
                ),
            )
            for what, thumbnails in pictures.outliers.items()
        ],
        pairs=pictures.pairs,
        identical=len(analysis.identical),
        near=len(analysis.near),
        is_near_cut=analysis.is_near_cut,
        leaks=len(analysis.leaks),
        near_leaks=len(analysis.near_leaks),
        has_splits=len(analysis.splits) > 1,
        series=_some(f'{k} ({len(v)} images)' for k, v in analysis.series.items()),
    )


def _some(lines) -> list[str]:
    lines = list(lines)
    more = [f'and {len(lines) - MAX_FILES} more'] if len(lines) > MAX_FILES else []
    return lines[:MAX_FILES] + more


def _class_rows(analysis: DatasetAnalysis) -> dict:
    """Numbers by class with the length of their bar, in % of the column's largest."""
    header, rows = class_table(analysis)
    largest = [max([1, *(row[i] for row in rows)]) for i in range(1, len(header))]
    return dict(
        header=header,
        rows=[
            (
                name,
                [
                    dict(count=count, length=round(100 * count / most, 1))
                    for count, most in zip(counts, largest, strict=True)
                ],
            )
            for name, *counts in rows
        ],
    )


def _charts(analysis: DatasetAnalysis) -> list[dict]:
    """Histograms over all splits."""
    sides = [split.shorter_sides for split in analysis.splits]
    numbers = [
        sum(not item.is_crowd for item in image.objects) for image in analysis.images
    ]
    sharpness = [max(fact.sharpness, 1e-3) for fact in analysis.facts]
    brightness = [100 * fact.brightness for fact in analysis.facts]
    charts = [
        ('Shorter side of the objects, px', np.concatenate([*sides, []]), True),
        ('Objects an image', np.array(numbers if any(numbers) else [], float), False),
        ('Sharpness, variance of the Laplacian', np.array(sharpness), True),
        ('Mean grey level, % of the range', np.array(brightness), False),
    ]
    return [histogram(*chart) for chart in charts if len(chart[1])]


def histogram(title: str, values: np.ndarray, is_log: bool) -> dict:
    """Bars of how many values are in each of equal steps.

    Args:
        title: What the values are.
        values: (N,) numbers, N at least 1; above 0 where ``is_log``.
        is_log: Whether the steps are equal factors.

    Returns:
        ``title``, ``low`` and ``high`` as text, ``most`` (the largest count), and
        ``bars``: place and height in % and a text each.
    """
    scaled = np.log10(values) if is_log else values
    counts, edges = np.histogram(scaled, BINS)
    borders = 10**edges if is_log else edges
    most = int(counts.max())
    return dict(
        title=title,
        low=f'{borders[0]:.3g}',
        high=f'{borders[-1]:.3g}',
        median=f'{np.median(values):.3g}',
        scale=', steps of equal factors' if is_log else '',
        most=most,
        width=100 / BINS,
        bars=[
            dict(
                x=100 * i / BINS,
                height=100 * int(count) / most,
                text=f'{borders[i]:.3g} to {borders[i + 1]:.3g}: {count}',
            )
            for i, count in enumerate(counts)
            if count
        ],
    )
