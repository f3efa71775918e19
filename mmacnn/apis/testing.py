# Copyright (c) mmacnn authors. All rights reserved.
"""Testing a checkpoint on a config's test set."""

import os
from numbers import Real
from pathlib import Path

import mmengine
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from mmacnn.engine.checkpoint import load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.engine.runner import build_runner, check_num_classes
from mmacnn.inference.build import build_inferencer
from mmacnn.inference.tiled_step import TiledStep
from mmacnn.utils import InputError, atomic_write, full_disk_named, require_writable
from mmacnn.utils.text import plain_table

from .chance import ChanceWarning
from .predictions import Predictions, plain
from .run_info import StepClock, describe_run

OUT_FORMATS = ('.json', '.pkl')
DRAWING_HOOK = 'mmacnn.RoIVisualizationHook'


def test(
    config: str,
    checkpoint: str | None,
    work_dir: str | None = None,
    out: str | None = None,
    show_dir: str | None = None,
    launcher: str = 'none',
    cfg_options: dict | None = None,
    backend_model: str | None = None,
    split: str = 'test',
    tile: int | None = None,
    overlap: float = 0.2,
) -> dict[str, float]:
    """Test a checkpoint, or a model that was exported from it.

    Args:
        config: Config file.
        checkpoint: The weights; None with ``backend_model``.
        work_dir: Folder of logs. Without it the config's ``work_dir``, or else
            ``./work_dirs/NAME_OF_CONFIG``.
        out: ``.json`` or ``.pkl`` file to write: ``{'metrics': {name: number},
            'predictions': [{field: value}, ...], 'run': {...}}``, one entry an image,
            heat maps left out; ``run`` is what :func:`describe_run` says. A ``.pkl``
            also has ``maps``, those of the hardest images. Must not exist.
        show_dir: New or empty folder for a picture of each prediction.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        cfg_options: Settings to override, with dotted keys.
        backend_model: Model folder of ``tools/deploy.py`` to test in the place of the
            checkpoint.
        split: 'test', or 'val' for the config's validation images and metrics.
        tile: Side in pixels of the tiles in which larger images are looked at, by a
            detector or a model that tells good from defective; pixels of maps are then
            those of the image. Defaults to whole images.
        overlap: Least fraction of a tile that its neighbour shows too, [0, 1).

    Returns:
        The metrics, by name.

    Raises:
        FileNotFoundError: The config, the checkpoint or the data are not there.
        FileExistsError: ``out`` is there, or ``show_dir`` is not empty.
        InputError: The config, the checkpoint, the data or ``out`` are wrong, or there
            are tiles for a model that has none.
        OSError: A disk is full, or ``out`` can't be written: known before the test.
    """
    if out is not None and Path(out).suffix not in OUT_FORMATS:
        raise InputError(f'--out {out}: expected a name ending in .json or .pkl')
    if out is not None and os.path.exists(out):
        raise FileExistsError(f'{out} exists, name a new file')
    if (checkpoint is None) == (backend_model is None):
        raise InputError('expected either a checkpoint or --backend-model')
    weights = None if checkpoint is None else load_checkpoint(checkpoint)
    cfg = load_config(config, work_dir, launcher, cfg_options)
    cfg.load_from, cfg.resume = checkpoint, False
    for part in ('dataloader', 'evaluator'):
        cfg[f'test_{part}'] = cfg[f'{split}_{part}']
    if out is not None:
        require_writable(out)
    if show_dir is not None:
        _show_in(cfg, config, show_dir)
    if backend_model is not None:
        from mmacnn.deploy.testing import (
            use_exported_model,
        )  # only who deploys installs it

        use_exported_model(cfg, backend_model)
    with full_disk_named(cfg.work_dir):
        runner = build_runner(cfg)
        if weights is not None:
            load_weights(runner.model, weights, checkpoint)
            check_num_classes(runner.model, runner.test_loop, config)
        if tile is not None:
            inferencer = build_inferencer(
                load_config(config, work_dir, cfg_options=cfg_options),
                checkpoint,
                backend_model=backend_model,
                tile=tile,
                overlap=overlap,
            )
            TiledStep(runner.model, inferencer, runner.test_dataloader.dataset)
        _warn_of_chance(runner)
        if out is None:
            metrics = runner.test()
            _print_table(metrics)
            return metrics
        predictions, clock = Predictions(), StepClock(runner.model)
        runner.test_evaluator.metrics.append(predictions)
        metrics = runner.test()
    _print_table(metrics)
    if is_main_process():
        tested = backend_model or checkpoint
        results = dict(
            metrics=plain(metrics),
            predictions=predictions.samples,
            run=describe_run(runner, config, tested, weights, clock),
        )
        if Path(out).suffix == '.pkl':
            results['maps'] = predictions.maps
        with atomic_write(out) as path:
            mmengine.dump(results, path)
    return metrics


def _warn_of_chance(runner: Runner) -> None:
    warning = ChanceWarning()
    warning.dataset_meta = getattr(runner.test_dataloader.dataset, 'metainfo', None)
    runner.test_evaluator.metrics.append(warning)


def _print_table(metrics: dict) -> None:
    if is_main_process():
        rows = [
            (name, f'{value:.4g}' if isinstance(value, Real) else str(value))
            for name, value in metrics.items()
        ]
        print(plain_table(['metric', 'value'], rows))


def _show_in(cfg: Config, path: str, show_dir: str) -> None:
    hooks = cfg.get('default_hooks', {})
    kind = hooks.get('visualization', {}).get('type', '')
    if kind.rpartition('.')[2] == 'DetVisualizationHook':
        # mmdet's own draws one image in fifty, and over another of the same name.
        kind = DRAWING_HOOK
        hooks.visualization = dict(type=kind)
    if kind != DRAWING_HOOK:
        raise InputError(
            f'{path}: --show-dir needs a hook that draws: default_hooks = '
            f"dict(visualization=dict(type='{DRAWING_HOOK}'))"
        )
    hooks.visualization.update(enable=True, out_dir=show_dir)
