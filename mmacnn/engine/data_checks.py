# Copyright (c) mmacnn authors. All rights reserved.
"""What can be seen to be wrong in a config's data settings before anything is built."""

import os.path as osp
from collections.abc import Iterator, Sequence

from mmengine.config import Config

from mmacnn.utils import InputError
from mmacnn.utils.text import short

PHASES = ('train', 'val', 'test')


def check_data_settings(cfg: Config) -> None:
    """Compare the settings of training, validation and test with one another.

    Whoever changes the classes or the data's place in one of them, and not in the
    others, would notice after the first epoch or never.

    Args:
        cfg: The config.

    Raises:
        InputError: The classes are no list, or differ; or an evaluator's file is not
            that of its data set.
    """
    first: tuple[str, list] | None = None
    for phase in PHASES:
        loader = cfg.get(f'{phase}_dataloader')
        for dataset in _datasets((loader or {}).get('dataset')):
            key, names = _classes(dataset, f'{phase}_dataloader.dataset')
            if names is not None:
                first = first or (key, names)
                _compare_classes(first, key, names)
        if loader is not None and phase != 'train':
            _check_evaluators(cfg, phase)


def warning_of_reused_test(cfg: Config) -> str:
    """What to say where the validation chooses something and its images are the test's.

    Args:
        cfg: The config.

    Returns:
        A line; empty where the data sets differ, or nothing is chosen.
    """
    val, test = (
        [_without_pipeline(each) for each in _datasets((loader or {}).get('dataset'))]
        for loader in (cfg.get('val_dataloader'), cfg.get('test_dataloader'))
    )
    checkpoint = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    chosen = ['the best checkpoint'] * bool(checkpoint.get('save_best'))
    hooks = [str(hook.get('type')) for hook in cfg.get('custom_hooks') or ()]
    if any(name.endswith('EarlyStoppingHook') for name in hooks):
        chosen.append('the last epoch')
    if not val or val != test or not chosen:
        return ''
    return (
        f'{" and ".join(chosen)} will be chosen on the images that a test reports, so '
        'its figures will be too good: val_dataloader and test_dataloader are the same '
        '(docs/en/data_formats.md#split-one-folder-into-three)'
    )


def _without_pipeline(dataset: dict) -> dict:
    return {
        key: value
        for key, value in dataset.items()
        if key not in ('pipeline', 'test_mode')
    }


def _datasets(dataset: object) -> Iterator[dict]:
    """A data set's config, or those in a wrapper such as ``RepeatDataset``."""
    if isinstance(dataset, dict):
        inner = dataset.get('dataset') or dataset.get('datasets')
        if inner is None:
            yield dataset
        for item in inner if isinstance(inner, list | tuple) else [inner]:
            yield from _datasets(item)


def _classes(dataset: dict, key: str) -> tuple[str, list | None]:
    metainfo = dataset.get('metainfo')
    if isinstance(metainfo, dict) and 'classes' in metainfo:
        key, names = f'{key}.metainfo.classes', metainfo['classes']
    else:
        key, names = f'{key}.classes', dataset.get('classes')
    if isinstance(names, str):
        if osp.splitext(names)[1] in ('.txt', '.names', '.yaml'):
            return key, None  # a file of names
        raise InputError(
            f'{key}: found the text {short(names)}, expected a list of names (one '
            "class alone is ['scratch'] or, with a comma, ('scratch',))"
        )
    return key, None if names is None else list(names)


def _compare_classes(first: tuple[str, list], key: str, names: list) -> None:
    if names != first[1]:
        raise InputError(
            f'{key}: found {", ".join(map(str, names))}, but {first[0]} has '
            f'{", ".join(map(str, first[1]))}, expected the same classes in one order'
        )


def _check_evaluators(cfg: Config, phase: str) -> None:
    read = {
        osp.normpath(osp.join(d.get('data_root') or '', d['ann_file'])): d['ann_file']
        for d in _datasets(cfg[f'{phase}_dataloader'].get('dataset'))
        if isinstance(d.get('ann_file'), str) and d['ann_file']
    }
    evaluators = cfg.get(f'{phase}_evaluator') or ()
    if not isinstance(evaluators, Sequence):
        evaluators = [evaluators]
    for evaluator in evaluators:
        file = evaluator.get('ann_file') if isinstance(evaluator, dict) else None
        if read and isinstance(file, str) and osp.normpath(file) not in read:
            raise InputError(
                f'{phase}_evaluator.ann_file: found {file}, but '
                f'{phase}_dataloader.dataset reads {", ".join(read)}, expected '
                'the same file (where data_root changes, both do)'
            )
