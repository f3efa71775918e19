# Copyright (c) mmacnn authors. All rights reserved.
import os
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import is_main_process
from mmengine.registry import DATASETS, DefaultScope
from mmengine.runner import Runner, save_checkpoint
from torch import Tensor

from mmacnn.engine.building import build_model, config_errors
from mmacnn.engine.checkpoint import load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.engine.hooks.anomaly_threshold import choose_threshold, is_learned
from mmacnn.models.anomaly.calibration import describe_promise
from mmacnn.ops import check_rates, fpr_threshold
from mmacnn.utils import InputError, atomic_write, track

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
    max_fpr: float | None = None,
    confidence: float | None = None,
    dataloader: str = 'val_dataloader',
    cfg_options: dict | None = None,
) -> str:
    """Choose where a CAM classifier's map becomes a mask, and write it into a config.

    On the config's validation images: by masks, with the highest Dice, or without, by
    good images, few of which may be marked anywhere. Do not report results on the
    images that the threshold was chosen on.

    Args:
        config: Config file; with ``mmacnn.DefectMapMetric`` and masks where
            ``max_fpr`` is None.
        checkpoint: The weights.
        out: Config file to write, which builds on ``config``; must not exist.
        max_fpr: Fraction of good images that may have a marked place, [0, 1); None for
            the highest Dice.
        confidence: With which it shall hold, (0, 1), or None for the expected rate; see
            :func:`mmacnn.ops.fpr_threshold`.
        dataloader: 'val_dataloader' or 'test_dataloader'.
        cfg_options: Settings to override, with dotted keys.

    Returns:
        A line for the user.

    Raises:
        FileExistsError: ``out`` is there.
        InputError: No mask or no good image was found, the model has no map of two
            classes, a rate is out of range, or ``out`` is no name of a config.
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
    if max_fpr is None:
        split = dataloader.removesuffix('_dataloader')
        threshold, reason = _by_masks(config, checkpoint, split, cfg_options)
    else:
        try:
            check_rates(max_fpr, confidence)
        except ValueError as error:
            raise InputError(str(error)) from None
        peaks = _good_peaks(cfg, config, checkpoint, dataloader)
        found = fpr_threshold(peaks, max_fpr, confidence)
        threshold = found.value
        reason = describe_promise(found, len(peaks), max_fpr, confidence)
    if is_main_process():
        base = os.path.relpath(config, os.path.dirname(os.path.abspath(out)))
        with atomic_write(out) as path:
            Path(path).write_text(
                f'_base_ = [{base!r}]\n\n'
                f'# {reason[0].upper()}{reason[1:]}.\n'
                f'model = dict(head=dict(map_threshold={threshold:.4g}))\n',
                encoding='utf-8',
            )
    return f'{out}: threshold {threshold:.4g}, {reason}'


def _by_masks(
    config: str, checkpoint: str, split: str, cfg_options: dict | None
) -> tuple[float, str]:
    """The threshold of the highest Dice, in logits, and a line about it."""
    metrics = test(config, checkpoint, cfg_options=cfg_options, split=split)
    found = {name.rpartition('/')[2]: value for name, value in metrics.items()}
    if METRIC not in found:
        raise InputError(
            f'{config}: found no masks to choose by, expected DefectMapMetric in '
            f'{split}_evaluator, mask_path in data_prefix and defects in the masks '
            '(--max-fpr RATE chooses by good images)'
        )
    return found[METRIC], f'of all the highest Dice, {found["best_dice"]:.1f} %'


def _good_peaks(cfg: Config, config: str, checkpoint: str, dataloader: str) -> Tensor:
    """The highest value of the heat map of each good image, (N,)."""
    saved = load_checkpoint(checkpoint)
    model = build_model(cfg, 'mmpretrain')
    if not hasattr(model, 'head') or getattr(model.head, 'num_classes', 0) != 2:
        raise InputError(
            f'{config}: found a {type(model).__name__}, expected a CAMClassifier of '
            'two classes, good and defective'
        )
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpretrain')):
        load_weights(model, saved, checkpoint)
        model.to(get_device()).eval()
        with config_errors(config, dataloader):
            images = Runner.build_dataloader(cfg[dataloader], seed=0)
        with torch.no_grad():
            peaks = [
                float(sample.pred_heatmap.max())
                for batch in track(images, 'Looking at good images')
                for sample in model.test_step(batch)
                if sample.gt_label == 0
            ]
    if not peaks:
        raise InputError(
            f'{config}: {dataloader}: found no good image, expected one at least'
        )
    return torch.tensor(peaks)
