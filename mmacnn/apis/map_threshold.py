# Copyright (c) mmacnn authors. All rights reserved.
import os
from pathlib import Path

from mmengine.dist import is_main_process

from mmacnn.utils import InputError, atomic_write

from .testing import test

METRIC = 'best_threshold'


def choose_map_threshold(
    config: str, checkpoint: str, out: str, cfg_options: dict | None = None
) -> tuple[float, float]:
    """Choose where a CAM classifier's map becomes a mask, and write it into a config.

    On the config's test set, or on another one that ``cfg_options`` names. Do not
    report results on the images that the threshold was chosen on.

    Args:
        config: Config file with ``mmacnn.DefectMapMetric`` and masks.
        checkpoint: The weights.
        out: Config file to write, which builds on ``config``; must not exist.
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
    metrics = test(config, checkpoint, cfg_options=cfg_options)
    found = {name.rpartition('/')[2]: value for name, value in metrics.items()}
    if METRIC not in found:
        raise InputError(
            f'{config}: found no masks to choose by, expected DefectMapMetric in '
            'test_evaluator, mask_path in data_prefix and defects in the masks'
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
