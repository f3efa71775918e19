# Copyright (c) mmacnn authors. All rights reserved.
"""The findings of ``inspection`` as text and as a picture."""

import os
from collections import Counter

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from mmacnn.utils import atomic_write, require_empty
from mmacnn.utils.text import plain_table, printable

from .yolo import PERCENTILES, DatasetReport, Split

TEXT_FILE = 'report.txt'
PICTURE_FILE = 'report.png'


def _size_text(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}'


def _statistics(split: Split, input_size: tuple[int, int]) -> str:
    """Return a table of the objects' sizes, area ratios and positions."""
    width, height = split.object_sizes(input_size).T
    x, y = 100 * split.centres().T
    rows = (
        ('width, px', width, 1),
        ('height, px', height, 1),
        ('area of image, %', 100 * split.area_ratios(), 3),
        ('centre x, %', x, 1),
        ('centre y, %', y, 1),
    )
    titles = ['min' if p == 0 else 'max' if p == 100 else f'{p} %' for p in PERCENTILES]
    cells = [
        [name, *(f'{v:.{digits}f}' for v in np.percentile(values, PERCENTILES))]
        for name, values, digits in rows
    ]
    return plain_table(['objects', *titles], cells)


def _split_text(
    split: Split, classes: tuple[str, ...], input_size: tuple[int, int]
) -> list[str]:
    boxed = split.boxed
    lines = [
        f'{split.name}: good images {len(split.samples)}, boxes {len(boxed)}, '
        f'problems {len(split.problems)}'
    ]
    if not split.samples:
        return lines
    sizes = Counter((s.height, s.width) for s in split.samples).most_common(5)
    listed = ', '.join(f'{_size_text(size)} ({count})' for size, count in sizes)
    images = Counter(sample.class_id for sample in split.samples)
    boxes = Counter(sample.class_id for sample in boxed)
    # Printable first, for a name may have a line end.
    counts = [[printable(c), images[i], boxes[i]] for i, c in enumerate(classes)]
    tables = [plain_table(['class', 'images', 'boxes'], counts)]
    if boxed:
        tables.append(_statistics(split, input_size))
    lines.append(f'  most common image sizes (height x width): {listed}')
    for table in tables:
        lines += ['', *(f'  {line}' for line in table.splitlines())]
    return lines


def format_report(report: DatasetReport) -> str:
    """Return the report as text: splits, problems, recommendation."""
    lines = [f'{report.root}: {len(report.classes)} classes', '']
    for split in report.splits:
        lines += [*_split_text(split, report.classes, report.input_size), '']
    problems = report.problems
    lines.append(f'Problems: {len(problems) or "none"}')
    lines += [f'  {problem.message}' for problem in problems]
    lines.append('')
    if report.roi_size is None:
        lines.append('No box is drawn, so no roi_size can be recommended.')
    else:
        lines += [
            f'Recommended for the config (from the boxes of '
            f'{" and ".join(report.roi_source)}, for input '
            f'{_size_text(report.input_size)}: Resize with '
            f'scale={report.input_size[::-1]} in the pipelines):',
            f'roi_size={report.roi_size},',
            f'output_size={report.output_size},',
        ]
    if report.has_large_objects:
        lines += [
            '',
            "Most boxes fill half of the image's width or height, or more: A-CNN gains "
            'little here over a plain classifier of the image. The ROI above is the '
            'box and a margin of a tenth at either end.',
        ]
    return '\n'.join(map(printable, lines))


@matplotlib.rc_context({'text.parse_math': False})  # A name may have a $ in it.
def draw_report(report: DatasetReport) -> Figure:
    """Return a picture of the objects' sizes, area ratios and positions."""
    figure = Figure(figsize=(11, 8), layout='constrained')
    title = printable(os.path.basename(os.path.abspath(report.root)))
    figure.suptitle(title)
    width, height, area, place = figure.subplots(2, 2).flat
    splits = [split for split in report.splits if split.boxed]
    sizes = [split.object_sizes(report.input_size) for split in splits]
    unit = f'px of input {_size_text(report.input_size)}'
    panels = (
        (width, f'object width, {unit}', [size[:, 0] for size in sizes]),
        (height, f'object height, {unit}', [size[:, 1] for size in sizes]),
        (area, 'object area, % of image', [100 * s.area_ratios() for s in splits]),
    )
    for axes, title, values in panels:
        axes.set(xlabel=title, ylabel='% of boxes')
        bins = np.histogram_bin_edges(np.concatenate([*values, []]), bins=30)
        for split, data in zip(splits, values, strict=True):
            weights = np.full(len(data), 100 / len(data))
            axes.hist(
                data, bins, weights=weights, alpha=0.5, label=printable(split.name)
            )

    place.set(xlim=(0, 1), ylim=(1, 0), xlabel='object centre, x', ylabel='y')
    place.set_aspect(report.input_size[0] / report.input_size[1])
    # Many points have to be small and faint for their density to show.
    fraction = 1 / max(1, sum(map(len, sizes)) / 100)
    style = dict(s=10 + 30 * fraction, alpha=0.25 + 0.6 * fraction, linewidths=0)
    for split in splits:
        label = printable(f'{split.name} ({len(split.boxed)})')
        place.scatter(*split.centres().T, label=label, **style)
    if splits:
        place.legend(loc='best')
    return figure


def save_report(report: DatasetReport, out_dir: str) -> list[str]:
    """Write the report as text and picture; return the paths.

    Raises:
        FileExistsError: If ``out_dir`` is neither new nor empty.
    """
    require_empty(out_dir)
    text, picture = (os.path.join(out_dir, name) for name in (TEXT_FILE, PICTURE_FILE))
    with atomic_write(text) as path, open(path, 'w', encoding='utf-8') as file:
        file.write(format_report(report) + '\n')
    with atomic_write(picture) as path:
        draw_report(report).savefig(path, dpi=100)
    return [text, picture]
