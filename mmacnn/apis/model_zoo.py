# Copyright (c) mmacnn authors. All rights reserved.
"""The models that the ``metafile.yml`` files list, by name."""

import os.path as osp
from functools import lru_cache
from pathlib import Path

import mmengine

PACKAGE = Path(__file__).parents[1]


@lru_cache
def model_index() -> dict[str, dict]:
    """Each model's entry, with ``Config`` and ``Weights`` as paths that are there.

    Raises:
        FileNotFoundError: Neither the checkout nor the installed package has the index.
    """
    # The checkout, or what is carried inside the wheel for OpenMMLab's mim.
    for root in (PACKAGE.parent, PACKAGE / '.mim'):
        if (root / 'model-index.yml').is_file():
            break
    else:
        raise FileNotFoundError(
            f'{PACKAGE / ".mim"}: found no model-index.yml: install mmacnn again'
        )
    models = {}
    for metafile in mmengine.load(root / 'model-index.yml')['Import']:
        for entry in mmengine.load(root / metafile)['Models']:
            models[entry['Name']] = dict(entry, Config=str(root / entry['Config']))
            weights = entry.get('Weights', '')
            if weights and '://' not in weights:
                weights = str(root / weights)
                models[entry['Name']]['Weights'] = weights
                if not osp.isfile(weights):  # a wheel does not carry them
                    del models[entry['Name']]['Weights']
    return models


def find_model(config_or_name: str) -> tuple[str, str | None]:
    """Config file and weights of a model.

    Args:
        config_or_name: Config file, or the model's name.

    Returns:
        Path of the config; path or URL of the weights, None where none are known.

    Raises:
        FileNotFoundError: There is no such config file.
        ValueError: There is no model of this name.
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
        raise ValueError(
            f'{config_or_name}: found no config file and no model of this name, '
            'expected one of those that `python -m mmacnn models` lists'
        )
    return entry['Config'], entry.get('Weights')
