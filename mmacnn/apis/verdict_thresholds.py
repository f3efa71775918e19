# Copyright (c) mmacnn authors. All rights reserved.
"""Verdict thresholds from labelled results."""

import os
from pathlib import Path

import yaml

from mmacnn.line.rules import ANY
from mmacnn.reporting.detections import SCORE_LIMIT
from mmacnn.reporting.operating_point import (
    CONFIDENCE,
    PROOF,
    Parts,
    Point,
    Wish,
    choose_point,
    labelled_parts,
    parts_needed,
    upper_bound,
)
from mmacnn.reporting.results import Run, read_run
from mmacnn.utils import InputError, atomic_write


def choose_thresholds(
    results: str, wish: Wish | None, out: str | None = None
) -> list[str]:
    """Choose from which defect score a part fails, and write it as verdict rules.

    Zones, sizes and counts of other rules are not looked at.

    Args:
        results: File that ``tools/test.py --out`` wrote, of labelled images. Do not
            report results on them afterwards.
        wish: Wanted rates, or the costs of mistakes.
        out: YAML file of rules to write; must not exist.

    Returns:
        Lines for the user.

    Raises:
        FileExistsError: ``out`` is there.
        FileNotFoundError: ``results`` is not.
        InputError: There are no good or no defective parts, or too few for the wish.
    """
    if out and os.path.exists(out):
        raise FileExistsError(f'{out} exists, name a new file')
    run = read_run(results)
    parts = labelled_parts(run)
    if parts is None:
        raise InputError(
            f'{results}: expected labelled good and defective images, of a model that '
            'tells them apart (its class 0 is good) or of a detector'
        )
    wish = wish or Wish()
    point = choose_point(parts, wish)
    if out:
        with atomic_write(out) as path:
            text = yaml.safe_dump(rules_of_point(run, point), sort_keys=False)
            Path(path).write_text(text, encoding='utf-8')
    return _lines(parts, point, wish) + _advice(run, point, out)


def rules_of_point(run: Run, point: Point) -> dict:
    """Verdict rules with the thresholds of a point, see :mod:`mmacnn.line.rules`."""
    band = dict(fail_from=point.fail_from, unsure_from=point.unsure_from)
    band = {key: float(value) for key, value in band.items() if value is not None}
    if run.records[0].matches is not None:
        limits = {key: min(1.0, max(0.0, value)) for key, value in band.items()}
        return dict(classes={ANY: limits})
    if 'pred_anomaly_score' in run.predictions[0] or not run.classes:
        return dict(image=band)
    return dict(accept=[str(run.classes[0])], image=band)


def _lines(parts: Parts, point: Point, wish: Wish) -> list[str]:
    lines = []
    for each in (parts.own_point(), point):
        lines += [
            f'{each.name}:',
            f'  escapes, defective parts that pass: {each.escapes}',
            f'  overkill, good parts that fail:     {each.overkill}',
        ]
        if each.unsure is not None:
            lines.append(f'  unsure, for a person to look at:    {each.unsure}')
        if wish.costs is not None:
            cost = wish.costs.of(each)
            lines.append(f'  cost of a shift of {wish.costs.parts} parts: {cost:.2f}')
    lines.append(f'fail from a defect score of {point.fail_from:.6g}')
    if point.unsure_from is not None:
        lines[-1] += f', unsure from {point.unsure_from:.6g}'
    return [*lines, proof(point)]


def proof(point: Point) -> str:
    """How many labelled parts would show a low escape rate, in words."""
    total = point.escapes.total
    bound = 100 * float(upper_bound(point.escapes.hits, total))
    return (
        f'these {total} defective parts show with {100 * CONFIDENCE:.0f} % confidence '
        f'that fewer than {bound:.3g} % escape; to show "escape < {100 * PROOF:g} %", '
        f'{parts_needed(PROOF)} defective parts without one escape are needed'
    )


def _advice(run: Run, point: Point, out: str | None) -> list[str]:
    lines = ['chosen on these images: see on others that it holds']
    low = point.fail_from if point.unsure_from is None else point.unsure_from
    if run.records[0].matches is not None and low < SCORE_LIMIT:
        lines.append(f'inspect with --score-thr {max(0.0, low):.4g} or less')
    return [*lines, f'written: {out}'] if out else lines
