# Copyright (c) mmacnn authors. All rights reserved.
"""Search of hyper-parameters with Optuna: a training for each trial."""

import gc
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from mmengine.config import Config

from mmacnn.engine.config import load_config
from mmacnn.engine.same_settings import check_settings
from mmacnn.utils import InputError
from mmacnn.utils.text import markdown_table

from .training import train

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

SHOWN = 10  # trials in the table


def search(
    config: str,
    space: Mapping[str, 'BaseDistribution'],
    trials: int = 20,
    metric: str | None = None,
    minimize: bool = False,
    work_dir: str | None = None,
    cfg_options: dict | None = None,
) -> 'Study':
    """Train with other settings in each trial; Optuna's TPE sampler chooses them.

    A trial is as good as the best validation of its training. The same call goes on
    with what was begun, until there are as many finished trials as asked for.

    Args:
        config: Config file.
        space: Values of each setting, by its dotted key.
        trials: Finished trials in all.
        metric: Name of the validation's metric. That of ``save_best`` by default.
        minimize: Whether less is better.
        work_dir: Folder of the results: ``search.db``, Optuna's storage, and
            ``trial_N/``. Without it ``./work_dirs/NAME_OF_CONFIG-search``.
        cfg_options: Settings to override in all trials, with dotted keys.

    Returns:
        Optuna's study.

    Raises:
        FileNotFoundError: The config or the data are not there.
        InputError: Optuna is not installed, a setting or the metric is not there, no
            trial ended with a number, or ``work_dir`` holds trials of other settings.
    """
    optuna = import_optuna()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    fixed = dict(cfg_options or {})
    cfg = load_config(config, cfg_options=fixed | _any_values(space))
    metric = metric or _metric_of(cfg, config)
    folder = Path(work_dir or f'{cfg.work_dir}-search')
    others = dict(space=str(space), metric=metric, minimize=minimize)
    check_settings(cfg, config, folder, **others)
    study = optuna.create_study(
        storage=f'sqlite:///{folder / "search.db"}',
        study_name='search',
        direction='minimize' if minimize else 'maximize',
        load_if_exists=True,
    )
    # A sampler with the same seed would begin with the same values again.
    study.sampler = optuna.samplers.TPESampler(seed=len(study.trials))
    for _ in range(len(_finished(study)), trials):
        trial = study.ask(dict(space))
        name = f'trial_{trial.number}'
        options = fixed | trial.params | dict(experiment_name=name)
        runner = train(config, work_dir=str(folder / name), cfg_options=options)
        value = _best(runner.message_hub.log_scalars, metric, minimize)
        study.tell(trial, value)
        print(f'{name}: {metric} {value:.6g} with {format_options(trial.params)}')
        del runner
        gc.collect()  # A runner is full of cycles: its model stays in the memory.
    if not _finished(study):
        raise InputError(f'{folder}: found no trial whose {metric} is a number')
    return study


def _finished(study: 'Study') -> list['FrozenTrial']:
    """Trials with a value; an interrupted one, or one that ended in NaN, has none."""
    return [trial for trial in study.trials if trial.value is not None]


def import_optuna() -> ModuleType:
    """Optuna.

    Raises:
        InputError: It is not installed.
    """
    try:
        return import_module('optuna')
    except ImportError as error:
        raise InputError(
            'the search needs Optuna: pip install -c requirements/constraints.txt '
            '-r requirements/optional.txt'
        ) from error


def format_trials(study: 'Study') -> str:
    """Return a Markdown table of the best trials, the best one first."""
    more_is_better = study.direction.name == 'MAXIMIZE'
    finished = sorted(
        _finished(study), key=lambda trial: trial.value, reverse=more_is_better
    )
    rows = [
        [str(each.number), f'{each.value:.6g}', *map(_short, each.params.values())]
        for each in finished[:SHOWN]
    ]
    return markdown_table(['trial', 'metric', *finished[0].params], rows)


def format_options(params: Mapping[str, object]) -> str:
    """Return settings as ``--cfg-options`` takes them."""
    return ' '.join(f'{name}={_short(value)}' for name, value in params.items())


def _short(value: object) -> str:
    return f'{value:.6g}' if isinstance(value, float) else str(value)


def _any_values(space: Mapping[str, 'BaseDistribution']) -> dict[str, object]:
    """Values that show at once whether the config has the settings."""
    return {
        key: each.choices[0] if hasattr(each, 'choices') else each.low
        for key, each in space.items()
    }


def _metric_of(cfg: Config, path: str) -> str:
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    found = hook.get('save_best')
    if not isinstance(found, str) or found == 'auto':
        raise InputError(
            f'{path}: found no metric in default_hooks.checkpoint.save_best, expected '
            '--metric NAME, such as accuracy/top1'
        )
    return found


def _best(scalars: Mapping, metric: str, minimize: bool) -> float:
    """The best of a training's validations; NaN if none was a number."""
    key = f'val/{metric}'
    if key not in scalars:
        names = [name[4:] for name in scalars if name.startswith('val/')]
        raise InputError(
            f'--metric {metric}: found no such metric in the validation, expected one '
            f'of {", ".join(names)}'
        )
    values, _ = scalars[key].data
    values = values[np.isfinite(values)]
    if not len(values):
        return float('nan')
    return float(values.min() if minimize else values.max())
