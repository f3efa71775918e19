# Copyright (c) mmacnn authors. All rights reserved.
"""Verdict thresholds from labelled results."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from mmacnn.line.rules import ANY
from mmacnn.reporting.class_thresholds import ClassParts, class_parts
from mmacnn.reporting.detections import SCORE_LIMIT
from mmacnn.reporting.operating_point import (
    CONFIDENCE,
    PROOF,
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
    results: str,
    wish: Wish | None,
    out: str | None = None,
    per_class: bool = False,
) -> list[str]:
    """Choose from which defect score a part fails, and write it as verdict rules.

    Zones, sizes and counts of other rules are not looked at.

    Args:
        results: File that ``tools/test.py --out`` wrote, of labelled images. Do not
            report results on them afterwards.
        wish: Wanted rates, or the costs of mistakes.
        out: YAML file of rules to write; must not exist.
        per_class: Of a detector, choose a threshold for each class, so that the same
            fraction of each class's parts escapes.

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
    own, chosen = parts.own_point(), choose_point(parts, wish)
    if per_class:
        by_class = class_parts(run)
        common = replace(chosen, name='one threshold for all classes')
        chosen = replace(choose_point(by_class.parts, wish), name='one for each class')
        rules = rules_of_classes(run, by_class, chosen)
        lines = _lines([own, common, chosen], wish)
        lines += _class_lines(run, by_class, chosen, rules['classes'])
    else:
        rules = rules_of_point(run, chosen)
        lines = [*_lines([own, chosen], wish), _threshold(chosen)]
    if out:
        with atomic_write(out) as path:
            text = yaml.safe_dump(rules, sort_keys=False, allow_unicode=True)
            Path(path).write_text(text, encoding='utf-8')
    return [*lines, proof(chosen), *_advice(rules, out)]


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


def rules_of_classes(run: Run, parts: ClassParts, point: Point) -> dict:
    """Verdict rules with a threshold for each class, at a point of their levels."""
    chosen = {}
    for number in (None, *parts.levels):
        band = dict(fail_from=point.fail_from, unsure_from=point.unsure_from)
        scores = {key: parts.score_of(number, level) for key, level in band.items()}
        name = ANY if number is None else str(run.classes[number])
        chosen[name] = {key: s for key, s in scores.items() if s is not None}
    return dict(classes=chosen)


def _lines(points: Sequence[Point], wish: Wish) -> list[str]:
    lines = []
    for each in points:
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
    return lines


def _threshold(point: Point) -> str:
    line = f'fail from a defect score of {point.fail_from:.6g}'
    if point.unsure_from is not None:
        line += f', unsure from {point.unsure_from:.6g}'
    return line


def _class_lines(
    run: Run, parts: ClassParts, point: Point, rules: dict[str, dict]
) -> list[str]:
    lines = []
    for number, name in enumerate(map(str, run.classes)):
        band = rules.get(name, rules[ANY])
        scores = [f'{key.replace("_", " ")} {score:.4g}' for key, score in band.items()]
        few = '' if name in rules else ' (few parts: as all classes together)'
        escapes = parts.escapes_of(number, point)
        lines.append(f'{name}: {", ".join(scores)}{few}; escapes: {escapes}')
    return lines


def proof(point: Point) -> str:
    """How many labelled parts would show a low escape rate, in words."""
    total = point.escapes.total
    bound = 100 * float(upper_bound(point.escapes.hits, total))
    return (
        f'these {total} defective parts show with {100 * CONFIDENCE:.0f} % confidence '
        f'that fewer than {bound:.3g} % escape; to show "escape < {100 * PROOF:g} %", '
        f'{parts_needed(PROOF)} defective parts without one escape are needed'
    )


def _advice(rules: dict, out: str | None) -> list[str]:
    lines = ['chosen on these images: see on others that it holds']
    scores = [min(band.values()) for band in rules.get('classes', {}).values()]
    if scores and min(scores) < SCORE_LIMIT:
        lines.append(f'inspect with --score-thr {min(scores):.4g} or less')
    return [*lines, f'written: {out}'] if out else lines
