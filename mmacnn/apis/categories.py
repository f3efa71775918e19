# Copyright (c) mmacnn authors. All rights reserved.
"""One model for each category of a data set, and a table of how good they are."""

import csv
import gc
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import mmengine
from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from mmacnn.datasets.anomaly_folder import list_categories
from mmacnn.engine.config import load_config
from mmacnn.engine.same_settings import check_settings
from mmacnn.evaluation.anomaly import SUMMARY
from mmacnn.utils import InputError, atomic_write
from mmacnn.utils.text import markdown_table
from mmacnn.utils.user_errors import describe, is_user_error

from .testing import test
from .training import train

RESULT_FILE = 'result.json'
TABLE_FILES = ('categories.md', 'categories.csv')


class CategoryResults(NamedTuple):
    """``metrics`` of each category that was finished, ``errors`` of the others."""

    metrics: dict[str, dict[str, float]]
    errors: dict[str, str]


def run_categories(
    config: str,
    categories: Sequence[str] | None = None,
    work_dir: str | None = None,
    cfg_options: dict | None = None,
) -> CategoryResults:
    """Train and test a model for each category, one after another.

    A category that fails doesn't keep the others from being run. One whose results are
    in ``work_dir`` is not run again, and one that was interrupted goes on, so the same
    call finishes what was begun. Several processes can share the work: each runs some
    of the categories in the same ``work_dir``, and a last call makes the table of all.

    Args:
        config: Config file with ``mmacnn.AnomalyFolderDataset``.
        categories: Names of the folders in ``data_root``. By default all of them.
        work_dir: Folder of the results: ``CATEGORY/`` with logs, checkpoints and
            ``result.json``, and the tables ``categories.md`` and ``categories.csv``,
            which are written anew after each category. Without it
            ``./work_dirs/NAME_OF_CONFIG``.
        cfg_options: Settings to override, with dotted keys.

    Returns:
        The metrics and the errors, by category.

    Raises:
        FileNotFoundError: The config, the data or a category are not there.
        InputError: The config has no data set with a category.
        InputError: ``work_dir`` holds results of other settings, or the data set has no
            category.
    """
    options = dict(cfg_options or {})
    options.pop('category', None)
    cfg = load_config(config, cfg_options=options | {'category': ''})
    categories = _check_categories(cfg, config, categories)
    folder = Path(work_dir or cfg.work_dir)
    check_settings(cfg, config, folder)
    results = CategoryResults({}, {})
    for category in categories:
        try:
            results.metrics[category] = _run(config, category, folder, options)
        except Exception as error:
            results.errors[category] = describe(error)
            print(f'{category}: {results.errors[category]}', file=sys.stderr)
            if not is_user_error(error):
                traceback.print_exc()
        # A runner is full of cycles: without this, its model stays in the memory.
        gc.collect()
        _write_tables(results, folder)
    return results


def format_categories(results: CategoryResults) -> str:
    """Return a Markdown table, a line for each category, with the mean of all."""
    rows = {name: _short(found) for name, found in results.metrics.items()}
    columns = [n for n in SUMMARY if any(n in row for row in rows.values())]
    means = {}
    for name in columns:
        values = [row[name] for row in rows.values() if name in row]
        means[name] = sum(values) / len(values)
    rows |= {name: {} for name in results.errors}
    count = len(results.metrics)
    rows[f'mean of {count}' if results.errors else 'mean'] = means
    cells = [
        [name, *(f'{row[n]:.2f}' if n in row else '-' for n in columns)]
        for name, row in rows.items()
    ]
    table = markdown_table(['category', *columns], cells)
    failed = [f'\n{name} failed: {text}' for name, text in results.errors.items()]
    return '\n'.join([table, *failed])


def _check_categories(
    cfg: Config, path: str, categories: Sequence[str] | None
) -> list[str]:
    dataset = cfg.get('test_dataloader', {}).get('dataset', {})
    while 'category' not in dataset and 'dataset' in dataset:
        dataset = dataset.dataset
    if 'category' not in dataset:
        raise InputError(
            f'{path}: found no category in test_dataloader.dataset, expected '
            'mmacnn.AnomalyFolderDataset with one'
        )
    found = list_categories(dataset.data_root, dataset.get('train_dir', 'train'))
    if not found:
        raise InputError(
            f'{dataset.data_root}: found no folder with training images in it, '
            'expected one for each category'
        )
    for name in categories or ():
        if name not in found:
            raise FileNotFoundError(
                f'{dataset.data_root}: found no category {name!r}, expected '
                f'{", ".join(found)}'
            )
    return list(dict.fromkeys(categories or found))


def _run(config: str, category: str, folder: Path, options: dict) -> dict[str, float]:
    place = folder / category
    file = place / RESULT_FILE
    if file.is_file():
        return mmengine.load(file)['metrics']
    # With a name of its own a training has its own log.
    options = options | dict(category=category, experiment_name=category)
    train(config, work_dir=str(place), resume='auto', cfg_options=options)
    checkpoint = find_latest_checkpoint(str(place))
    if checkpoint is None:
        raise InputError(
            f'{config}: found no checkpoint after the training, expected a '
            'CheckpointHook that saves one at its end'
        )
    metrics = test(config, checkpoint, work_dir=str(place), cfg_options=options)
    content = dict(category=category, checkpoint=checkpoint, metrics=metrics)
    with atomic_write(file) as unfinished:
        mmengine.dump(content, unfinished, indent=2)
    return metrics


def _write_tables(results: CategoryResults, folder: Path) -> None:
    markdown, table = (folder / name for name in TABLE_FILES)
    with atomic_write(markdown) as unfinished:
        Path(unfinished).write_text(format_categories(results) + '\n', encoding='utf-8')
    rows = [dict(category=n, **_short(found)) for n, found in results.metrics.items()]
    columns = dict.fromkeys(key for row in rows for key in row)
    with (
        atomic_write(table) as unfinished,
        open(unfinished, 'w', encoding='utf-8', newline='') as file,
    ):
        writer = csv.DictWriter(file, columns or ['category'])
        writer.writeheader()
        writer.writerows(rows)


def _short(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics without the evaluators' names before them."""
    return {name.rpartition('/')[2]: value for name, value in metrics.items()}
