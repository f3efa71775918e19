# Copyright (c) mmacnn authors. All rights reserved.
"""Accuracy by the size of the region, of several models in one picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmacnn.evaluation.region_accuracy import EDGES, accuracy_by_fraction
from mmacnn.reporting.results import read_results
from mmacnn.utils import InputError, atomic_write
from mmacnn.utils.text import printable

KEYS = ('gt_label', 'pred_label', 'region_fraction')


def read_regions(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Read what ``tools/test.py --out`` wrote.

    Args:
        path: ``.json`` or ``.pkl`` file.

    Returns:
        For each region, whether it is classified correctly, (N,) bool, and its fraction
        of the image's area, (N,).

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is another file, or of a model that names no regions.
    """
    content = read_results(path)
    try:
        predictions = content['predictions']
        rows = [
            [np.asarray(sample[key]).item() for key in KEYS] for sample in predictions
        ]
        true, found, fraction = np.array(rows, float).T
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f'{path}: expected what tools/test.py --out wrote, with {", ".join(KEYS)} '
            'of each prediction'
        ) from None
    return true == found, fraction


def name_results(paths: Sequence[str], names: Sequence[str] | None) -> list[str]:
    """Names of the models, one a file: the given ones, or what tells the paths apart.

    Raises:
        InputError: There are not as many names as files, or one is there twice.
    """
    if names is None:
        names = [Path(path).stem for path in paths]
        if len(set(names)) < len(paths):
            names = [Path(path).absolute().parent.name for path in paths]
    if len(names) != len(paths) or len(set(names)) < len(names):
        raise InputError(
            f'names: found {", ".join(names)}, expected {len(paths)} different ones, '
            'one a file'
        )
    return list(names)


@matplotlib.rc_context({'text.parse_math': False})  # A name may have a $ in it.
def plot_region_accuracy(
    results: dict[str, tuple[np.ndarray, np.ndarray]],
    out_file: str,
    edges: Sequence[float] = EDGES,
) -> None:
    """Draw a line for each model: accuracy over the size of the region.

    Args:
        results: What :func:`read_regions` returned, by the model's name.
        out_file: Picture to write, in a format that its ending names.
        edges: See :func:`mmacnn.evaluation.region_accuracy.accuracy_by_fraction`.
    """
    figure = Figure(figsize=(8.4, 4.2), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    fractions = np.concatenate([fraction for _, fraction in results.values()])
    everything = accuracy_by_fraction(np.ones(len(fractions), bool), fractions, edges)
    places = {name: i for i, name in enumerate(everything)}
    for model, (correct, fraction) in results.items():
        groups = accuracy_by_fraction(correct, fraction, edges)
        label = printable(f'{model}: {100 * correct.mean():.1f} %')
        axes.plot(
            [places[name] for name in groups],
            [percent for percent, _ in groups.values()],
            marker='o',
            label=label,
        )
    counts = dict.fromkeys(places, 0)
    for correct, fraction in results.values():
        for name, (_, count) in accuracy_by_fraction(correct, fraction, edges).items():
            counts[name] = max(count, counts[name])
    ticks = [f'{name} %\n{count}' for name, count in counts.items()]
    axes.set_xticks(list(places.values()), ticks)
    axes.set_xlabel('region, fraction of the image, and number of regions')
    axes.set_ylabel('accuracy, %')
    axes.set_ylim(0, 102)
    axes.grid(axis='y', alpha=0.3)
    axes.legend(title='all regions', loc='center left', bbox_to_anchor=(1.02, 0.5))
    with atomic_write(out_file) as path:
        kind = Path(out_file).suffix.removeprefix('.')
        figure.savefig(path, dpi=150, format=kind)
