# Copyright (c) mmacnn authors. All rights reserved.
"""The measurements of :mod:`benchmark` as a table, as JSON and as a picture."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict

import cv2
import mmengine
import numpy as np
import onnxruntime
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmacnn.utils import atomic_write, require_empty
from mmacnn.utils.text import plain_table
from mmacnn.version import __version__

from .compare import Measurement
from .machine import processor_name
from .timed_models import StageTimes

HEADER = (
    *('model', 'threads', 'batch', 'prepare', 'network', 'post', 'total', 'cpu'),
    *('p95', 'p99', 'images/s', 'x network', 'x total', 'x proc.', 'MB'),
)
JSON_FILE = 'benchmark.json'
PICTURE_FILE = 'benchmark.png'
COLOURS = dict(
    zip(StageTimes._fields, ('tab:gray', 'tab:blue', 'tab:orange'), strict=True)
)


def format_table(measurements: Sequence[Measurement]) -> str:
    """A line for each measurement.

    Milliseconds are for the whole batch; without another word they are medians, p95
    and p99 those of the total.
    """
    rows = []
    for each in measurements:
        total, ratio = each.stages['total'], each.ratio
        medians = [s and f'{s["median"]:.3f}' for s in each.stages.values()]
        rows.append(
            [
                *(each.model, each.threads, each.batch_size),
                *(m or '-' for m in medians),
                *(f'{total["p95"]:.3f}', f'{total["p99"]:.3f}'),
                f'{each.images_per_second:.1f}',
                *(f'{ratio[part]:.2f}' for part in ('network', 'total', 'cpu')),
                f'{each.size_bytes / 1e6:.2f}',
            ]
        )
    return plain_table(HEADER, rows)


def save_report(
    measurements: Sequence[Measurement], settings: dict, out_dir: str
) -> list[str]:
    """Write the measurements as JSON and as a picture.

    Args:
        measurements: What :func:`benchmark` returned.
        settings: What the user asked for, to be written down beside it.
        out_dir: New or empty folder.

    Returns:
        The paths of both files.

    Raises:
        FileExistsError: ``out_dir`` is neither new nor empty.
    """
    require_empty(out_dir)
    numbers, picture = (os.path.join(out_dir, n) for n in (JSON_FILE, PICTURE_FILE))
    report = dict(
        settings=settings,
        machine=describe_machine(),
        measurements=[asdict(each) for each in measurements],
    )
    with atomic_write(numbers) as path:
        mmengine.dump(report, path, indent=1)
    with atomic_write(picture) as path:
        draw_report(measurements).savefig(path, dpi=100)
    return [numbers, picture]


def describe_machine() -> dict:
    """What the figures depend on, beside the models."""
    return dict(
        processor=processor_name(),
        cores=os.cpu_count(),
        system=platform.platform(),
        versions=dict(
            mmacnn=__version__,
            python=platform.python_version(),
            torch=torch.__version__,
            onnxruntime=onnxruntime.__version__,
            opencv=cv2.__version__,
            numpy=np.__version__,
        ),
    )


def draw_report(measurements: Sequence[Measurement]) -> Figure:
    """A panel for each thread count (rows) and batch size (columns)."""
    rows, columns = (
        sorted({getattr(each, name) for each in measurements})
        for name in ('threads', 'batch_size')
    )
    models = len({each.model for each in measurements})
    figure = Figure(
        figsize=(1 + 6 * len(columns), 1 + (0.9 + 0.5 * models) * len(rows)),
        layout='constrained',
    )
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    for threads, line in zip(rows, grid, strict=True):
        for batch_size, axes in zip(columns, line, strict=True):
            chosen = [
                each
                for each in measurements
                if (each.threads, each.batch_size) == (threads, batch_size)
            ]
            _draw_panel(axes, chosen)
            axes.set_title(f'threads: {threads}, batch size: {batch_size}')
    for axes in grid[-1]:
        axes.set_xlabel('milliseconds a batch: median, and 95 % of the total')
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside lower center', ncols=len(labels))
    return figure


def _draw_panel(axes: Axes, measurements: Sequence[Measurement]) -> None:
    """A bar for each model, its stages one after the other, the first on top."""
    places = np.arange(len(measurements))
    left = np.zeros(len(measurements))
    for stage in StageTimes._fields:
        stages = [each.stages[stage] for each in measurements]
        widths = [0 if times is None else times['median'] for times in stages]
        axes.barh(places, widths, left=left, color=COLOURS[stage], label=stage)
        left += widths
    totals = [each.stages['total'] for each in measurements]
    tails = [total['p95'] for total in totals]
    axes.plot(tails, places, 'k|', markersize=14, label='95 %')
    reach = np.maximum(left, tails)
    for place, end, each in zip(places, reach, measurements, strict=True):
        text = f'{each.stages["total"]["median"]:.2f} ms'
        if place > 0:
            text += f' ({each.ratio["total"]:.1f} x)'
        axes.annotate(
            text, (end, place), xytext=(6, 0), textcoords='offset points', va='center'
        )
    axes.set_yticks(places, [each.model for each in measurements])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.4 * reach.max())  # room for the text
    axes.spines[['top', 'right']].set_visible(False)
