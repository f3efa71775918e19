# Copyright (c) mmacnn authors. All rights reserved.
"""Checkpoints of the official implementation of DifferNet.

Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet*, WACV 2021. The config for them has
``NormalizingFlow(normalize=False)`` and ``MultiScaleFeatures(interpolation='nearest')``
with the scales that the checkpoint was trained with.
"""

import logging
import re

import numpy as np
import torch
from torch import Tensor

from mmacnn.utils import InputError

from .weights import plain_weights

logger = logging.getLogger(__name__)

# The three hidden layers and the last one, in a Sequential with activations.
LAYERS = dict(fc1=0, fc2=2, fc2b=4, fc3=6)
FEATURES = re.compile(r'feature_extractor\.(features\.\d+\.(?:weight|bias))')
CLASSIFIER = re.compile(r'feature_extractor\.classifier\..+')
COUPLING = re.compile(
    r'(?:nf\.)?module_list\.(\d+)\.s([12])\.(fc1|fc2|fc2b|fc3)\.(weight|bias)'
)
# What a model holds that was never told how good images score.
NO_THRESHOLD = {
    'calibration.threshold': torch.tensor(float('nan')),
    'calibration.good_scores': torch.zeros(0),
    'calibration.map_level': torch.tensor(float('nan')),
}


def convert_differnet_checkpoint(state_dict: dict) -> dict[str, Tensor]:
    """Convert the weights of an official DifferNet to those of :class:`DifferNet`.

    The official checkpoint lacks the permutations: they are made in its code, that of
    block k by numpy's generator with the seed k, and so are made here again.

    Args:
        state_dict: Of the official model or of its flow alone, or a checkpoint that has
            it under ``state_dict``.

    Returns:
        Weights of the flow, and of the feature extractor where they are there. The
        classifier, which features do not need, is left out. The threshold is none; see
        ``choose_anomaly_threshold``.

    Raises:
        InputError: There are weights that an official DifferNet does not have, or no
            flow.
    """
    converted = {}
    for name, weight in plain_weights(state_dict).items():
        if match := FEATURES.fullmatch(name):
            converted[f'core.feature_extractor.backbone.{match[1]}'] = weight
        elif match := COUPLING.fullmatch(name):
            # Behind the input node, permutations and couplings alternate.
            index = int(match[1]) - 1
            layer = f'subnet{match[2]}.{LAYERS[match[3]]}.{match[4]}'
            converted[f'core.flow.blocks.module_list.{index}.{layer}'] = weight
        elif CLASSIFIER.fullmatch(name):
            logger.info('%s dropped: features do not need the classifier', name)
        else:
            raise InputError(
                f'found the weight {name!r}, expected those of the official DifferNet: '
                'feature_extractor.features.* and nf.module_list.*'
            )
    return converted | _permutations(converted) | NO_THRESHOLD


def _permutations(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The fixed permutations in front of the couplings."""
    indices = sorted(
        int(match[1])
        for name in weights
        if (match := re.fullmatch(r'.+\.module_list\.(\d+)\.subnet1\.0\.weight', name))
    )
    if indices != list(range(1, 2 * len(indices), 2)) or not indices:
        raise InputError(
            f'found couplings at {[i + 1 for i in indices]} of module_list, expected '
            'them at 2, 4, 6 and so on, as in the official DifferNet'
        )
    made = {}
    for block, index in enumerate(indices):
        coupling = f'core.flow.blocks.module_list.{index}.subnet1'
        channels = weights[f'{coupling}.0.weight'].shape[1]
        channels += len(weights[f'{coupling}.6.weight']) // 2
        order = np.random.RandomState(block).permutation(channels)
        permutation = f'core.flow.blocks.module_list.{index - 1}'
        made[f'{permutation}.perm'] = torch.from_numpy(order)
        made[f'{permutation}.perm_inv'] = torch.from_numpy(order.argsort())
    return made
