# Copyright (c) mmacnn authors. All rights reserved.
"""k-fold cross-validation: a training for each fold, and the spread of the metrics."""

import gc
import os.path as osp
from collections import Counter, defaultdict
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import mmengine
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from sklearn.model_selection import StratifiedGroupKFold

from mmacnn.converters.labels.splitting import parts_of
from mmacnn.datasets import AnomalyFolderDataset
from mmacnn.engine.building import config_errors
from mmacnn.engine.config import load_config
from mmacnn.engine.same_settings import check_settings
from mmacnn.utils import InputError, atomic_write
from mmacnn.utils.text import markdown_table

from .training import train

# What says where a data set lies, and not what is done with it.
PLACE = ('data_root', 'ann_file', 'data_prefix', 'split')
RESULT_FILES = ('folds.md', 'folds.json')
NO_CLASS = -1


class _Image(NamedTuple):
    path: str
    labels: tuple[int, ...]


def cross_validate(
    config: str,
    folds: int = 5,
    work_dir: str | None = None,
    seed: int = 0,
    cfg_options: dict | None = None,
) -> list[dict[str, float]]:
    """Train a model for each fold of the training set, and validate it on that fold.

    The folds have the classes in equal parts, and the images of one part, as far as
    their names tell, are in one fold. The validation and the test set of the config are
    not used. A fold is validated with the weights at the end of its training: those of
    the best epoch would have been chosen by the fold itself.

    Folds whose results are in ``work_dir`` are not run again, so the same call finishes
    what was begun.

    Args:
        config: Config file. Its training set has classes or boxes.
        folds: Number of folds, 2 or more.
        work_dir: Folder of the results: ``fold_K.py``, the config of each fold, and
            ``fold_K/`` with its logs and checkpoints; ``folds.md`` and ``folds.json``.
            Without it ``./work_dirs/NAME_OF_CONFIG-FOLDS-folds``.
        seed: Another seed makes other folds.
        cfg_options: Settings to override, with dotted keys.

    Returns:
        The metrics of each fold.

    Raises:
        FileNotFoundError: The config or the data are not there.
        InputError: The config has no validation, or no data set that can be divided;
            there are fewer parts than folds; or ``work_dir`` holds results of other
            settings.
    """
    cfg = load_config(config, cfg_options=cfg_options)
    folder = Path(work_dir or f'{cfg.work_dir}-{folds}-folds')
    _validate_where_it_trains(cfg, config)
    with (
        DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmengine')),
        config_errors(config, 'train_dataloader', cfg=cfg),
    ):
        images = {
            split: _list_images(cfg[f'{split}_dataloader'].dataset)
            for split in ('train', 'val')
        }
    held_out = _choose_folds(images['val'], folds, seed, config)
    check_settings(cfg, config, folder, folds=folds, seed=seed)
    metrics = []
    for number, paths in enumerate(held_out, 1):
        for split, is_held_out in (('train', False), ('val', True)):
            _innermost(cfg[f'{split}_dataloader'].dataset)['indices'] = [
                index
                for index, image in enumerate(images[split])
                if (image.path in paths) == is_held_out
            ]
        metrics.append(_run(cfg, folder, number))
        gc.collect()  # A runner is full of cycles: its model stays in the memory.
    content = dict(config=config, folds=folds, seed=seed, metrics=metrics)
    table, data = (folder / name for name in RESULT_FILES)
    with atomic_write(table) as unfinished:
        Path(unfinished).write_text(format_folds(metrics) + '\n', encoding='utf-8')
    with atomic_write(data) as unfinished:
        mmengine.dump(content | _summary(metrics), unfinished, indent=2)
    return metrics


def format_folds(metrics: list[dict[str, float]]) -> str:
    """Return a Markdown table: a line for each metric, with mean and spread.

    Args:
        metrics: Those of each fold.
    """
    summary = _summary(metrics)
    rows = [
        [
            name,
            *(f'{found[name]:.4g}' if name in found else '-' for found in metrics),
            f'{summary["mean"][name]:.4g}',
            f'{summary["std"][name]:.2g}',
        ]
        for name in summary['mean']
    ]
    numbers = [f'fold {number}' for number in range(1, len(metrics) + 1)]
    return markdown_table(['metric', *numbers, 'mean', 'std'], rows)


def _summary(metrics: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation (of a sample) of what two folds or more have."""
    values = defaultdict(list)
    for found in metrics:
        for name, value in found.items():
            values[name].append(value)
    values = {name: each for name, each in values.items() if len(each) > 1}
    return dict(
        mean={name: fmean(each) for name, each in values.items()},
        std={name: stdev(each) for name, each in values.items()},
    )


def _validate_where_it_trains(cfg: Config, path: str) -> None:
    """Let the validation read the training set, with its own pipeline."""
    for key in ('train_dataloader', 'val_dataloader', 'val_evaluator'):
        if not cfg.get(key):
            raise InputError(f'{path}: found no {key}, expected one to validate folds')
    train_set, val_set = (
        _innermost(cfg[f'{split}_dataloader'].dataset) for split in ('train', 'val')
    )
    if 'datasets' in train_set:
        raise InputError(
            f'{path}: train_dataloader.dataset: found several data sets, expected one '
            'to divide into folds'
        )
    prefix, wanted = (each.get('data_prefix') for each in (train_set, val_set))
    for key in PLACE:
        val_set.pop(key, None)
        if key in train_set:
            val_set[key] = train_set[key]
    if isinstance(prefix, dict) and isinstance(wanted, dict):
        # Masks that are there for some images are to learn from, not to test on.
        val_set.data_prefix = {k: v for k, v in prefix.items() if k in wanted}
    evaluators = cfg.val_evaluator
    for each in evaluators if isinstance(evaluators, list) else [evaluators]:
        if 'ann_file' in each:
            each.ann_file = osp.join(
                train_set.get('data_root', ''), train_set.get('ann_file', '')
            )


def _innermost(settings: dict) -> dict:
    """The data set in wrappers such as mmengine's ``RepeatDataset``."""
    while 'dataset' in settings:
        settings = settings['dataset']
    return settings


def _list_images(settings: dict) -> list[_Image]:
    """Image and classes of each item of a data set.

    Raises:
        InputError: It is one for anomaly detection.
    """
    dataset = DATASETS.build(dict(_innermost(settings), pipeline=[]))
    if isinstance(dataset, AnomalyFolderDataset):
        raise InputError(
            'found good images alone, expected a data set with classes or boxes: an '
            'anomaly detector is measured on defects, which it does not learn from'
        )
    return [
        _Image(dataset.get_data_info(i)['img_path'], tuple(dataset.get_cat_ids(i)))
        for i in range(len(dataset))
    ]


def _choose_folds(
    items: list[_Image], folds: int, seed: int, path: str
) -> list[set[str]]:
    """The paths of the images that each fold holds out."""
    labels = defaultdict(set)
    for item in items:
        labels[item.path].update(item.labels)
    parts = parts_of([_Image(each, ()) for each in labels])
    if len(parts) < folds:
        raise InputError(
            f'{path}: train_dataloader: found {len(parts)} images or parts, expected '
            f'one for each of the {folds} folds or more'
        )
    counts = Counter(label for found in labels.values() for label in found)
    paths = [image.path for part in parts for image in part]
    rarest = [
        min(labels[each], key=lambda label: (counts[label], label), default=NO_CLASS)
        for each in paths
    ]
    groups = [number for number, part in enumerate(parts) for _ in part]
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    try:
        found = list(splitter.split(paths, rarest, groups))
    except ValueError as error:
        raise InputError(f'{path}: {folds} folds: {error}') from error
    return [{paths[i] for i in held_out} for _, held_out in found]


def _run(cfg: Config, folder: Path, number: int) -> dict[str, Any]:
    place = folder / f'fold_{number}'
    file = place / 'result.json'
    if file.is_file():
        return mmengine.load(file)
    config, cfg.work_dir = str(place.with_suffix('.py')), str(place)
    cfg.dump(config)
    runner = train(config, resume='auto')
    metrics = {name: float(value) for name, value in runner.val_loop.run().items()}
    with atomic_write(file) as unfinished:
        mmengine.dump(metrics, unfinished, indent=2)
    return metrics
