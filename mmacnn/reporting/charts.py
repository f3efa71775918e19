# Copyright (c) mmacnn authors. All rights reserved.
"""Charts that compare runs, as SVG images in text form."""

from collections.abc import Sequence

import matplotlib
import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from .chart import (
    COLOURS,
    GRID,
    INK,
    LINES,
    STYLE,
    Chart,
    finish_chart,
    line_style,
    new_axes,
    shown,
)
from .detections import average_precision, precision_recall
from .operating_point import asks_for_defects
from .results import Run
from .statistics import fractions_by_size, size_edges, sized_outcomes

BOXES_FOUND, CORRECT = 'Detected boxes', 'Correct images'


def draw_charts(runs: Sequence[Run]) -> list[Chart]:
    """All charts that the predictions have the numbers for."""
    kinds = (_by_size, _centre_errors, _roc_curves, _precision_recall, _times)
    with matplotlib.rc_context(STYLE):
        charts = [kind(runs) for kind in kinds]
    return [chart for chart in charts if chart is not None]


def _by_size(runs: Sequence[Run]) -> Chart | None:
    found = [(i, run, *sized_outcomes(run.records)) for i, run in enumerate(runs)]
    found = [each for each in found if len(each[2])]
    if not found:
        return None
    edges = size_edges(np.concatenate([sizes for _, _, sizes, _ in found]))
    detects = {run.records[0].matches is not None for _, run, _, _ in found}
    what = ' or '.join(
        [BOXES_FOUND] * (True in detects) + [CORRECT] * (False in detects)
    )
    figure, axes = new_axes()
    alt_texts = []
    for place, (index, run, sizes, correct) in enumerate(found):
        fractions = fractions_by_size(sizes, correct, edges)
        known = [(x, fraction) for x, fraction in enumerate(fractions) if fraction]
        x = np.array([x for x, _ in known]) + 0.1 * (place - (len(found) - 1) / 2)
        y = np.array([fraction.percent for _, fraction in known])
        low, high = np.array([fraction.interval for _, fraction in known]).T
        axes.errorbar(
            *(x, y, (np.maximum(y - low, 0), np.maximum(high - y, 0))),
            marker='o',
            capsize=3,
            label=shown(run.name),
            **line_style(index),
        )
        numbers = ', '.join(
            f'{v:.1f} % of {s.total}' for v, (_, s) in zip(y, known, strict=True)
        )
        alt_texts.append(f'{run.name}, from small to large: {numbers}')
    names = [
        f'{_percent(a)}–{_percent(b)}'
        for a, b in zip(edges[:-1], edges[1:], strict=True)
    ]
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_xlabel('object area / image area, %')
    axes.set_ylabel(f'{what.lower()}, %')
    return finish_chart(
        figure,
        f'{what} by size of the object',
        alt_texts,
        'Each step has about the same number of objects; the bars are 95 % '
        'intervals (Wilson).',
    )


def _percent(fraction: float) -> str:
    """Two digits, and never an exponent."""
    return np.format_float_positional(
        100 * fraction, precision=2, fractional=False, trim='-'
    )


def _centre_errors(runs: Sequence[Run]) -> Chart | None:
    found = [
        (
            i,
            run,
            np.sort(
                [r.centre_error for r in run.records if r.centre_error is not None]
            ),
        )
        for i, run in enumerate(runs)
    ]
    found = [each for each in found if len(each[2])]
    if not found:
        return None
    figure, axes = new_axes()
    alt_texts = []
    for index, run, errors in found:
        rank = 100 * np.arange(1, len(errors) + 1) / len(errors)
        axes.step(
            errors, rank, where='post', label=shown(run.name), **line_style(index)
        )
        alt_texts.append(
            f'{run.name}: median {np.median(errors):.1f} px, 95 % within '
            f'{np.percentile(errors, 95):.1f} px, largest {errors[-1]:.1f} px, '
            f'of {len(errors)} images'
        )
    if max(errors[-1] for *_, errors in found) > 50:
        axes.set_xscale('symlog', linthresh=10)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 102)
    axes.set_xlabel('centre of the ROI to centre of the object, px of the image')
    axes.set_ylabel('images within, %')
    return finish_chart(
        figure, 'Localisation error', alt_texts, ' '.join(w + '.' for w in alt_texts)
    )


def _roc_curves(runs: Sequence[Run]) -> Chart | None:
    found = []
    for index, run in enumerate(runs):
        pairs = [
            (record.truth > 0, record.defect_score)
            for record in run.records
            if record.truth is not None and record.defect_score is not None
        ]
        if asks_for_defects(run) and {truth for truth, _ in pairs} == {True, False}:
            found.append((index, run, *map(np.array, zip(*pairs, strict=True))))
    if not found:
        return None
    figure, axes = new_axes(height=4.2)
    axes.plot([0, 100], [0, 100], color=GRID, linewidth=1)
    alt_texts = []
    for index, run, truth, scores in found:
        false, true, _ = roc_curve(truth, scores)
        area = 100 * roc_auc_score(truth, scores)
        label = f'{shown(run.name)}: AUROC {area:.2f} %'
        axes.plot(100 * false, 100 * true, label=label, **line_style(index))
        alt_texts.append(label)
    axes.set_xlabel('false alarms (overkill), % of the good images')
    axes.set_ylabel('detected, % of the defective images')
    axes.set_aspect('equal')
    return finish_chart(
        figure,
        'ROC curve of good against defective',
        alt_texts,
        f'{"; ".join(alt_texts)}. Over the images; class 0 is good. The area is 100 % '
        'if every defective image scores above every good one, 50 % by chance.',
    )


def _precision_recall(runs: Sequence[Run]) -> Chart | None:
    curves = [
        (run, label, *curve)
        for run in runs
        for label, curve in _class_curves(run).items()
    ]
    if not curves:
        return None
    figure, axes = new_axes(height=3.8)
    alt_texts = []
    many = len({label for _, label, *_ in curves}) > len(COLOURS)
    for run, label, precision, recall in curves:
        area = 100 * average_precision(precision, recall)
        name = f'{shown(run.name)}, ' if len(runs) > 1 else ''
        text = f'{name}{shown(run.class_name(label))}: AP {area:.1f} %'
        axes.plot(
            *(100 * recall, 100 * precision),
            color=COLOURS[label % len(COLOURS)],
            linestyle=LINES[runs.index(run) % len(LINES)],
            label=None if many else text,
        )
        alt_texts.append(text)
    axes.set_xlim(0, 101)
    axes.set_ylim(0, 101)
    axes.set_xlabel('recall: detected true boxes, %')
    axes.set_ylabel('precision: correct detections, %')
    return finish_chart(
        figure,
        'Precision and recall of each class',
        alt_texts,
        'A box is correct if it matches a true one of its class with an '
        'intersection over union of 0.5 or more.',
    )


def _class_curves(run: Run) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    matches = [r.matches for r in run.records if r.matches is not None]
    if not matches:
        return {}
    labels, scores, matched, truth = (
        np.concatenate([getattr(each, name) for each in matches])
        for name in ('labels', 'scores', 'matched', 'true_labels')
    )
    return {
        int(label): precision_recall(
            scores[labels == label],
            matched[labels == label] >= 0,
            int((truth == label).sum()),
        )
        for label in np.unique(truth)
        if (labels == label).any()
    }


def _times(runs: Sequence[Run]) -> Chart | None:
    found = [(i, run, batch_times(run)) for i, run in enumerate(runs)]
    found = [each for each in found if len(each[2])]
    if not found:
        return None
    figure, axes = new_axes(height=1.1 + 0.45 * len(found))
    for place, (index, _, times) in enumerate(found):
        low, quarter, middle, three, high = np.percentile(times, (5, 25, 50, 75, 95))
        colour = COLOURS[index % len(COLOURS)]
        axes.hlines(place, low, high, color=colour, linewidth=2)
        axes.hlines(place, quarter, three, color=colour, linewidth=9)
        axes.plot(middle, place, 'o', color='white', markeredgecolor=INK)
    axes.set_yticks(range(len(found)), [shown(run.name) for _, run, _ in found])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel('milliseconds for an image')
    alt_texts = [
        f'{run.name}: median {np.median(t):.1f} ms, 95 % within '
        f'{np.percentile(t, 95):.1f} ms an image, in batches of '
        f'{run.info["time"]["batch_size"]} on {run.info["time"]["device"]}'
        for _, run, t in found
    ]
    return finish_chart(
        figure,
        'Time for an image in the test',
        alt_texts,
        ' '.join(w + '.' for w in alt_texts)
        + ' Preprocessing, network and postprocessing, without reading the files '
        'and without the first batch. The circle is the median, the bar '
        'spans half of the batches, the line 90 %. A test is no benchmark: '
        'tools/analysis_tools/benchmark.py measures one.',
    )


def batch_times(run: Run) -> np.ndarray:
    """Milliseconds an image in each batch but the first, if there are two or more."""
    seconds = (run.info.get('time') or {}).get('seconds_per_image') or []
    return 1000 * np.array(seconds[1:] or seconds)
