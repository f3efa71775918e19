# Copyright (c) mmacnn authors. All rights reserved.
import os
from pathlib import Path

from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.registry import DATASETS, DefaultScope
from mmengine.runner import Runner, save_checkpoint

from mmacnn.engine.building import build_model, config_errors
from mmacnn.engine.checkpoint import load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.engine.hooks.anomaly_threshold import choose_threshold, is_learned
from mmacnn.utils import InputError, atomic_write

from .reported_images import warn_of_reported
from .testing import test

METRIC = 'best_threshold'


def choose_anomaly_threshold(
    config: str,
    checkpoint: str,
    out: str,
    dataloader: str = 'calibration_dataloader',
    max_fpr: float = 0.05,
    confidence: float | None = None,
    by: str = 'max_fpr',
    cfg_options: dict | None = None,
) -> str:
    """Choose the threshold of an anomaly detector anew, and store it with the weights.

    Args:
        config: Config file of an anomaly detector, such as ``mmacnn.PatchCore``.
        checkpoint: The weights, with a threshold or without.
        out: Checkpoint to write; must not exist.
        dataloader: Key of the config: the data loader of the images to choose on, see
            :class:`mmacnn.AnomalyThresholdHook`. Do not report results on them.
        max_fpr: Fraction of good images that may be reported, [0, 1).
        confidence: With which it shall hold, (0, 1), or None for the expected rate.
        by: 'max_fpr', or 'best_f1' where defects are labelled.
        cfg_options: Settings to override, with dotted keys.

    Returns:
        A line for the user.

    Raises:
        FileExistsError: ``out`` is there.
        InputError: The config has no such data loader.
            The model is no anomaly detector, there is no good image, or a
            setting is wrong.
        FileNotFoundError: The config, the checkpoint or the data are not there.
    """
    if os.path.exists(out):
        raise FileExistsError(f'{out} exists, name a new file')
    cfg = load_config(config, cfg_options=cfg_options)
    if dataloader not in cfg:
        raise InputError(f'{config}: expected the key {dataloader!r}, a data loader')
    saved = load_checkpoint(checkpoint)
    model = build_model(cfg, 'mmpretrain')
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpretrain')):
        if not hasattr(model, 'calibration'):
            raise InputError(
                f'{config}: found a {type(model).__name__}, expected a model with a '
                'threshold, such as mmacnn.DifferNet'
            )
        load_weights(model, saved, checkpoint)
        model.to(get_device())
        with config_errors(config, dataloader):
            images = Runner.build_dataloader(cfg[dataloader], seed=0)
            learned = DATASETS.build(cfg.train_dataloader.dataset)
        warn_of_reported(cfg, images.dataset, dataloader)
        line = choose_threshold(
            model,
            images,
            is_learned(model, images.dataset, learned),
            max_fpr=max_fpr,
            confidence=confidence,
            by=by,
        )
    kept = dict(meta=saved.get('meta', {}), state_dict=model.cpu().state_dict())
    with atomic_write(out) as path:
        save_checkpoint(kept, path)
    return f'{out}: {line}'


def choose_map_threshold(
    config: str,
    checkpoint: str,
    out: str,
    dataloader: str = 'val_dataloader',
    cfg_options: dict | None = None,
) -> tuple[float, float]:
    """Choose where a CAM classifier's map becomes a mask, and write it into a config.

    On the config's validation images. Do not report results on the images that the
    threshold was chosen on.

    Args:
        config: Config file with ``mmacnn.DefectMapMetric`` and masks.
        checkpoint: The weights.
        out: Config file to write, which builds on ``config``; must not exist.
        dataloader: 'val_dataloader' or 'test_dataloader'.
        cfg_options: Settings to override, with dotted keys.

    Returns:
        The threshold with the highest Dice, in logits, and that Dice in %.

    Raises:
        FileExistsError: ``out`` is there.
        InputError: No mask was found, or ``out`` is no name of a config.
        FileNotFoundError, InputError: See :func:`test`.
    """
    if os.path.exists(out):
        raise FileExistsError(f'{out} exists, name a new file')
    if Path(out).suffix != '.py':
        raise InputError(f'{out}: expected a name ending in .py')
    cfg = load_config(config, cfg_options=cfg_options)
    if not cfg.get(dataloader):
        raise InputError(f'{config}: expected the key {dataloader!r}, a data loader')
    warn_of_reported(cfg, cfg[dataloader].dataset, dataloader)
    split = dataloader.removesuffix('_dataloader')
    metrics = test(config, checkpoint, cfg_options=cfg_options, split=split)
    found = {name.rpartition('/')[2]: value for name, value in metrics.items()}
    if METRIC not in found:
        raise InputError(
            f'{config}: found no masks to choose by, expected DefectMapMetric in '
            f'{split}_evaluator, mask_path in data_prefix and defects in the masks'
        )
    threshold, dice = found[METRIC], found['best_dice']
    if is_main_process():
        base = os.path.relpath(config, os.path.dirname(os.path.abspath(out)))
        with atomic_write(out) as path:
            Path(path).write_text(
                f'_base_ = [{base!r}]\n\n'
                f'# Of all thresholds, this one had the highest Dice: {dice:.1f} %.\n'
                f'model = dict(head=dict(map_threshold={threshold:.4g}))\n'
            )
    return threshold, dice
