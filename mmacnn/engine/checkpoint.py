# Copyright (c) mmacnn authors. All rights reserved.
"""Reading a checkpoint, its weights and its class names."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.model import is_model_wrapper
from mmengine.registry import DATASETS
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from mmacnn.compat import torch_load
from mmacnn.utils import InputError

torch_load.replace_loaders()


def load_checkpoint(path: str) -> dict:
    """Read a checkpoint on the CPU.

    Args:
        path: A file, or a URL that mmengine knows (``http://``, ``mmpretrain://``).

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is damaged, or holds more than weights and logged numbers.
    """
    if '://' not in path and not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such checkpoint')
    try:
        # Reads a file with `mmacnn.compat.torch_load`, as everything of mmengine does.
        checkpoint = CheckpointLoader.load_checkpoint(path, 'cpu', logger='silent')
    except ValueError as error:  # of `torch_load`, which names the file
        raise InputError(str(error)) from error
    except Exception as error:  # an unknown model, no network, a full disk
        reason = str(error).strip().partition('\n')[0]
        raise InputError(f'{path}: not a readable checkpoint: {reason}') from error
    if not isinstance(checkpoint, dict):
        found = type(checkpoint).__name__
        raise InputError(f'{path}: expected a dict of weights, found {found}')
    _check_parts(checkpoint, path)
    return checkpoint


def _check_parts(checkpoint: dict, path: str) -> None:
    meta = checkpoint.get('meta') or {}
    parts = {
        'state_dict': checkpoint.get('state_dict', {}),
        'meta': meta,
        'dataset_meta': isinstance(meta, dict) and meta.get('dataset_meta') or {},
    }
    for name, part in parts.items():
        if not isinstance(part, dict) or not all(isinstance(key, str) for key in part):
            raise InputError(
                f'{path}: found a {type(part).__name__} as {name}, expected a dict '
                'with names'
            )
    for name, weight in parts['state_dict'].items():
        if not isinstance(weight, Tensor) and not name.endswith('_extra_state'):
            raise InputError(
                f'{path}: found a {type(weight).__name__} as the weight {name!r}, '
                'expected a tensor'
            )


def load_weights(model: nn.Module, checkpoint: dict, path: str) -> None:
    """Put the weights of a checkpoint into the model that they were made for.

    mmengine only warns when weights are missing, and then predicts with random ones.

    Args:
        model: The model, or a distributed wrapper of it.
        checkpoint: What :func:`load_checkpoint` returned.
        path: The checkpoint's file, for the message.

    Raises:
        InputError: Weights are missing, or have other sizes.
    """
    model = model.module if is_model_wrapper(model) else model
    state = checkpoint.get('state_dict', checkpoint)
    state = {name.removeprefix('module.'): value for name, value in state.items()}
    try:
        missing = model.load_state_dict(state, strict=False).missing_keys
    except RuntimeError as error:  # sizes differ: one line a weight, after a headline
        problem = str(error).strip().splitlines()[1].strip()
    else:
        problem = (
            f'{len(missing)} weights are missing, {missing[:1]}' if missing else ''
        )
    if problem:
        raise InputError(
            f"{path}: does not fit the config's {type(model).__name__}: "
            f'{problem.rstrip(".")}'
        )


def class_names(checkpoint: dict, config: Config) -> Sequence[str] | None:
    """Names of the classes: the checkpoint's, else the config's, else the data set's.

    Args:
        checkpoint: What :func:`load_checkpoint` returned.
        config: A config with ``test_dataloader``.

    Returns:
        The names in the order of the class numbers; None if nothing has them.
    """
    meta = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    dataset = config.test_dataloader.dataset
    names = (
        meta.get('classes')
        or dataset.get('metainfo', {}).get('classes')
        or dataset.get('classes')
    )
    if names is None or isinstance(names, str):
        with DATASETS.switch_scope_and_registry(config.get('default_scope')) as known:
            kind = known.get(dataset.type)
        names = getattr(kind, 'METAINFO', {}).get('classes')  # such as COCO's 80
    return names
