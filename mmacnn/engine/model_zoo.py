# Copyright (c) mmacnn authors. All rights reserved.
"""The models that the ``metafile.yml`` files list, by name."""

import os.path as osp
from functools import lru_cache
from pathlib import Path

import mmengine
import yaml
from torch import nn

from mmacnn.engine.building import build_model
from mmacnn.engine.checkpoint import class_names, load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.utils import InputError

PACKAGE = Path(__file__).parents[1]


def find_root() -> Path:
    """Folder with ``configs`` and ``tools``.

    Raises:
        FileNotFoundError: Neither the checkout nor the installed package has them.
    """
    # The checkout, or what is carried inside the wheel for OpenMMLab's mim.
    for root in (PACKAGE.parent, PACKAGE / '.mim'):
        if (root / 'model-index.yml').is_file():
            return root
    raise FileNotFoundError(
        f'{PACKAGE / ".mim"}: found no model-index.yml: install mmacnn again'
    )


@lru_cache
def model_index() -> dict[str, dict]:
    """Each model's entry, with ``Config`` and ``Weights`` as paths that are there.

    Raises:
        FileNotFoundError: Neither the checkout nor the installed package has the index.
    """
    root = find_root()
    models = {}
    for metafile in _read_yaml(root / 'model-index.yml')['Import']:
        for entry in _read_yaml(root / metafile)['Models']:
            models[entry['Name']] = dict(entry, Config=str(root / entry['Config']))
            weights = entry.get('Weights', '')
            if weights and '://' not in weights:
                weights = str(root / weights)
                models[entry['Name']]['Weights'] = weights
                if not osp.isfile(weights):
                    del models[entry['Name']]['Weights']
    return models


def _read_yaml(path: Path) -> dict:
    # By default mmengine lets YAML make any object.
    return mmengine.load(path, Loader=yaml.SafeLoader)


def find_model(config_or_name: str) -> tuple[str, str | None]:
    """Config file and weights of a model.

    Args:
        config_or_name: Config file, or the model's name.

    Returns:
        Path of the config; path or URL of the weights, None where none are known.

    Raises:
        FileNotFoundError: There is no such config file.
        InputError: There is no model of this name.
    """
    if osp.isfile(config_or_name):
        for entry in model_index().values():
            if osp.samefile(config_or_name, entry['Config']):
                return config_or_name, entry.get('Weights')
        return config_or_name, None
    if config_or_name.endswith('.py'):
        raise FileNotFoundError(f'{config_or_name}: no such config file')
    entry = model_index().get(config_or_name)
    if entry is None:
        raise InputError(
            f'{config_or_name}: found no config file and no model of this name, '
            'expected one of those that `python -m mmacnn models` lists'
        )
    return entry['Config'], entry.get('Weights')


def get_model(
    config_or_name: str, pretrained: bool | str = False, device: str = 'cpu'
) -> nn.Module:
    """Build a model by its name, as ``mmpretrain.get_model`` does for its own.

    Args:
        config_or_name: Config file, or the model's name.
        pretrained: True for the weights that the ``metafile.yml`` names, or a
            checkpoint, a path or URL. False for random weights.
        device: Such as 'cpu' or 'cuda:0'.

    Returns:
        The model in evaluation mode, with ``cfg`` (its config) and ``dataset_meta``
        (with the names of its ``classes``, None where nothing has them).

    Raises:
        FileNotFoundError: There is no such config file or checkpoint.
        InputError: There is no model of this name, no weights are known for it, or they
            don't fit.

    Example:
        >>> name = 'acnn-opt_strided_8e_synthetic-product-code'
        >>> model = get_model(name, pretrained=True)
        >>> model.dataset_meta['classes']
        ('1069', '1071', '3707', '3709')
    """
    path, known_weights = find_model(str(config_or_name))
    if pretrained is True and known_weights is None:
        raise InputError(
            f'{config_or_name}: no weights are known for this model, name a checkpoint'
        )
    weights = known_weights if pretrained is True else pretrained
    cfg = load_config(path)
    model = build_model(cfg)
    checkpoint = load_checkpoint(weights) if weights else {}
    if weights:
        load_weights(model, checkpoint, weights)
    model.cfg, model.dataset_meta = cfg, dict(classes=class_names(checkpoint, cfg))
    return model.to(device).eval()
