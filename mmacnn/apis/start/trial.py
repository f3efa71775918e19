# Copyright (c) mmacnn authors. All rights reserved.
"""The methods that fit, each trained for a few minutes on a part of the images."""

from dataclasses import replace
from pathlib import Path

from mmacnn.apis.run_report import report as write_report
from mmacnn.apis.testing import test
from mmacnn.apis.training import train
from mmacnn.converters.labels.importer import ImportOptions

from .recipes import WEIGHTS
from .starting import StartReport, start

FOLDER = 'try'
IMAGES = 400  # to train on, at most
EFFORT = 0.25  # of the epochs of a full training
MOST = 2


def try_methods(
    started: StartReport,
    source: str,
    out: str,
    weights: str = WEIGHTS,
    options: ImportOptions | None = None,
) -> str:
    """Train and test the two best of the methods that fit, and show them side by side.

    Each has a folder below ``out/try``, as :func:`start` writes it, with a quarter of
    the epochs and at most 400 images to train on.

    Args:
        started: What :func:`start` found.
        source, out, weights, options: As :func:`start` had them.

    Returns:
        Path of the HTML page.
    """
    options = replace(options or ImportOptions(), limit=IMAGES)
    names = started.choice.fitting[:MOST]
    root = Path(out, FOLDER)
    results = []
    for name in names:
        trial = start(source, str(root / name), name, weights, options, effort=EFFORT)
        work_dir = root / name / 'run'
        train(trial.config, str(work_dir))
        best = sorted(work_dir.glob('best_*.pth')) or sorted(work_dir.glob('*.pth'))
        results.append(str(root / name / 'results.pkl'))
        test(trial.config, str(best[-1]), str(work_dir), out=results[-1])
    page = str(root / 'report.html')
    write_report(results, page, names=names, title='Methods, after a short training')
    return page
