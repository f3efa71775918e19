# Copyright (c) mmacnn authors. All rights reserved.
"""What a plant asks first: how good it is in words, escapes and overkill, the worst."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import matplotlib
import numpy as np

from .chart import (
    CHOSEN,
    INK,
    STYLE,
    Chart,
    finish_chart,
    line_style,
    new_axes,
    shown,
)
from .operating_point import (
    CONFIDENCE,
    PROOF,
    Parts,
    Point,
    Wish,
    changed_sides,
    choose_point,
    labelled_parts,
    parts_needed,
    upper_bound,
)
from .pictures import Picture
from .records import Record
from .results import Run
from .statistics import Fraction, confusion, correct_fraction

WORST = 4  # Pictures on top of the page.
LISTED = 12  # Parts that would change sides.


@dataclass(frozen=True)
class Answer:
    """What the top of the page says of a run.

    Attributes:
        run: The run.
        sentences: In words.
        parts: Its labelled parts; None where it does not tell good from defective.
        points: As the model decides, and as it is wanted.
        costs: Of a shift, for each point; empty where they are not known.
        changed: Parts that would change sides, and how many there are in all.
    """

    run: Run
    sentences: list[str]
    parts: Parts | None = None
    points: list[Point] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    changed: list[tuple[Record, bool, float, str]] = field(default_factory=list)
    num_changed: int = 0


def answers(runs: Sequence[Run], wish: Wish | None = None) -> list[Answer]:
    """What the top of the page says of each run.

    Args:
        runs: The runs.
        wish: What the plant wants of escapes and overkill.

    Raises:
        InputError: There are too few parts to show what is wanted.
    """
    return [_answer(run, wish) for run in runs]


def _answer(run: Run, wish: Wish | None) -> Answer:
    parts = labelled_parts(run)
    if parts is None:
        return Answer(run, _in_words(run))
    own = parts.own_point()
    points, changed = [own], []
    if wish is not None:
        points.append(choose_point(parts, wish))
        changed = changed_sides(parts, points[-1])
    costs = [wish.costs.of(point) for point in points] if wish and wish.costs else []
    return Answer(
        *(run, _of_defects(own), parts, points, costs),
        *(changed[:LISTED], len(changed)),
    )


def _of_defects(point: Point) -> list[str]:
    missed, rejected = point.escapes, point.overkill
    bound = 100 * float(upper_bound(missed.hits, missed.total))
    return [
        f'{_count(missed.hits)} of {missed.total} defective parts would pass '
        f'(escapes, {_range(missed)}).',
        f'{_count(rejected.hits)} of {rejected.total} good parts would be rejected '
        f'(overkill, {_range(rejected)}).',
        f'So fewer than {bound:.2g} % of the defective parts escape, with '
        f'{_percent(CONFIDENCE)} confidence. To show fewer than {_percent(PROOF)}, '
        f'{parts_needed(PROOF)} defective parts are needed, none of which escapes.',
    ]


def _in_words(run: Run) -> list[str]:
    """Of a run that does not have good and defective parts."""
    correct = correct_fraction(run.records)
    if correct is None:
        return ['The images have no labels: how good the model is cannot be said.']
    low, high = correct.interval
    what = 'images are recognised correctly'
    if run.records[0].matches is not None:
        what = 'images have no missed defect and no false alarm'
    sentences = [
        f'{correct.hits} of {correct.total} {what}: {correct.percent:.2f} % (95 % '
        f'interval {low:.1f} to {high:.1f} %).'
    ]
    mistakes = [
        (pair, count)
        for pair, count in confusion(run.records).most_common()
        if pair[0] != pair[1]
    ]
    if mistakes:
        (truth, label), count = mistakes[0]
        if -1 in (truth, label):
            kind = 'missed' if label == -1 else 'found where there is none'
            name = run.class_name(truth if label == -1 else label)
            sentences.append(f'Most frequent mistake: {name} {kind}, {count} times.')
        else:
            sentences.append(
                f'Most frequent mistake: {run.class_name(truth)} taken for '
                f'{run.class_name(label)}, {count} times.'
            )
    return sentences


def _percent(rate: float) -> str:
    return f'{100 * rate:.3g} %'


def _count(number: int) -> str:
    return 'None' if number == 0 else str(number)


def _range(fraction: Fraction) -> str:
    low, high = fraction.exact_interval
    return f'{fraction.percent:.2g} %, 95 % interval {low:.2g} to {high:.2g} %'


def worst_pictures(pictures: Sequence[Picture]) -> list[Picture]:
    """The worst of the wrong ones, of each run as many."""
    wrong = [each for each in pictures if each.record.correct is False]
    runs = {each.run for each in wrong}
    each_run = max(1, WORST // max(1, len(runs)))
    kept = []
    for run in sorted(runs):
        kept += [each for each in wrong if each.run == run][:each_run]
    return kept[:WORST]


def draw_escapes(answered: Sequence[Answer]) -> Chart | None:
    """Escapes against overkill over all thresholds, with the points."""
    known = [(i, each) for i, each in enumerate(answered) if each.parts is not None]
    if not known:
        return None
    alt_texts = []
    with matplotlib.rc_context(STYLE):
        figure, axes = new_axes(height=3.8)
        for index, each in known:
            _, escapes, overkill = each.parts.rates()
            total = each.points[0].escapes.total, each.points[0].overkill.total
            axes.plot(
                *(100 * overkill / total[1], 100 * escapes / total[0]),
                drawstyle='steps-post',
                label=shown(each.run.name),
                **line_style(index),
            )
            for point, look in zip(each.points, (INK, CHOSEN), strict=False):
                _draw_point(axes, point, look)
                alt_texts.append(
                    f'{each.run.name}, {point.name}: escapes '
                    f'{point.escapes.percent:.1f} %, overkill '
                    f'{point.overkill.percent:.1f} %'
                )
        axes.set_xscale('symlog', linthresh=1)
        axes.set_yscale('symlog', linthresh=1)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks([0, 1, 2, 5, 10, 20, 50, 100], minor=False)
            axis.set_major_formatter(lambda value, _: f'{value:g}')
            axis.set_minor_locator(matplotlib.ticker.NullLocator())
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 100)
        axes.set_xlabel('overkill: good parts that fail, %')
        axes.set_ylabel('escapes: defective parts that pass, %')
        return finish_chart(
            figure,
            'Escapes and overkill',
            alt_texts,
            'The line is what other thresholds would give; nearer to the lower left '
            'is better. Circle: as the model decides. Square: as chosen; off the line '
            'where parts are unsure, which is neither. The bars are 95 % intervals '
            '(Clopper and Pearson).',
        )


def _draw_point(axes: 'matplotlib.axes.Axes', point: Point, colour: str) -> None:
    rates = point.overkill, point.escapes
    values = np.array([rate.percent for rate in rates])
    low, high = np.array([rate.exact_interval for rate in rates]).T
    bars = np.maximum((values - low, high - values), 0)
    axes.errorbar(
        *values,
        xerr=bars[:, :1],
        yerr=bars[:, 1:],
        marker='o' if colour == INK else 's',
        color=colour,
        capsize=3,
        markersize=6,
        zorder=3,
        clip_on=False,
    )
