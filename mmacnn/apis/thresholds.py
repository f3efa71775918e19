# Copyright (c) mmacnn authors. All rights reserved.
import os

from mmengine.device import get_device
from mmengine.registry import DefaultScope
from mmengine.runner import Runner, save_checkpoint

from mmacnn.engine.building import build_model, config_errors
from mmacnn.engine.checkpoint import load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.engine.hooks.anomaly_threshold import choose_threshold
from mmacnn.utils import InputError, atomic_write


def choose_anomaly_threshold(
    config: str,
    checkpoint: str,
    out: str,
    dataloader: str = 'calibration_dataloader',
    max_fpr: float = 0.05,
    by: str = 'max_fpr',
    cfg_options: dict | None = None,
) -> str:
    """Choose the threshold of an anomaly detector anew, and store it with the weights.

    Args:
        config: Config file of a ``mmacnn.DifferNet``.
        checkpoint: The weights, with a threshold or without.
        out: Checkpoint to write; must not exist.
        dataloader: Key of the config: the data loader of the images to choose on. Do
            not report results on images that the threshold was chosen on.
        max_fpr: Share of good images that may be reported, [0, 1).
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
        line = choose_threshold(model, images, max_fpr=max_fpr, by=by)
    kept = dict(meta=saved.get('meta', {}), state_dict=model.cpu().state_dict())
    with atomic_write(out) as path:
        save_checkpoint(kept, path)
    return f'{out}: {line}'
