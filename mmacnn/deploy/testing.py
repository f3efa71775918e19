# Copyright (c) mmacnn authors. All rights reserved.
"""An exported model in the test loop of its config."""

from pathlib import Path

from mmengine.config import Config

from mmacnn.utils import InputError, read_json

from .deploy_config import plain_model_config, require_packages
from .description import DRIFT, input_size
from .model_folder import fixed_size, read_description


def use_exported_model(cfg: Config, folder: str) -> int | None:
    """Change a config so that an exported model is tested instead of the trained one.

    A model of a fixed batch gets its images one by one, which changes no result, and so
    does one whose images differ in size.

    Args:
        cfg: Config with ``model`` and ``test_dataloader``; changed in place.
        folder: The model folder.

    Returns:
        Number of images that it takes together; None for any.

    Raises:
        FileNotFoundError, InputError: It is no model folder.
        InputError: A package that runs it is not installed.
                It takes images of another size or depth than the test pipeline makes.
    """
    require_packages()
    takes = read_description(folder)['mmacnn']['input']
    plain = plain_model_config(cfg)
    found, expected = input_size(plain), fixed_size(takes)
    if None not in (found, expected) and found != expected:
        raise InputError(
            f'{folder}: takes images of {expected[0]}x{expected[1]} alone, but the '
            f'test pipeline brings them to {found[0]}x{found[1]}'
        )
    if (plain.depth or 16) != (takes.get('depth') or 16):
        raise InputError(
            f'{folder}: made for images of depth={takes.get("depth")}, but the test '
            f'pipeline reads them with depth={plain.depth}'
        )
    # Of several sizes, the graph would take the largest one's edges for all.
    batch = takes['shape'][0] or (1 if takes['keep_ratio'] else None)
    if batch is not None:
        cfg.test_dataloader.batch_size = batch
    cfg.model = dict(type='mmacnn.DeployedModel', folder=folder, model=cfg.model)
    cfg.load_from = None
    return batch


def class_names_of(folder: str) -> list[str] | None:
    """Names of the classes of an exported model, None if they were not known."""
    return read_description(folder)['mmacnn']['classes']


def drift_of(folder: str) -> dict | None:
    """How usual frames look, see :mod:`mmacnn.line.drift`; None if not known."""
    path = Path(folder, DRIFT)
    return read_json(str(path), 'the reference of drift') if path.is_file() else None
