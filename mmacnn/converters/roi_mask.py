# Copyright (c) mmacnn authors. All rights reserved.
"""Checkpoints of the ROI-mask classifier's author, under the names of this package.

Eppel's network is torchvision's ResNet-50 as ``Net`` and the attention's convolution as
``Attentionlayer``; mmpretrain's ResNet has torchvision's names.
"""

import logging

from torch import Tensor

from mmacnn.utils import InputError

from .weights import plain_weights

logger = logging.getLogger(__name__)

# The first that fits counts.
PREFIXES = {
    'Net.fc.': 'head.fc.',
    'Net.': 'backbone.',
    'Attentionlayer.': 'backbone.roi_mask.stem.conv.',
}
NEEDED = ('Net.conv1.weight', 'Net.fc.weight', 'Net.fc.bias', 'Attentionlayer.weight')


def convert_roi_mask_checkpoint(state_dict: dict) -> dict[str, Tensor]:
    """Convert the weights of the author's network to those of an mmpretrain classifier.

    Args:
        state_dict: Weights of the author's network, or a checkpoint that has them under
            ``state_dict`` or ``model``.

    Returns:
        Weights of ``configs/roi_mask/roi-mask_resnet50_8xb8-10e_coco.py``.

    Raises:
        InputError: A weight is missing, or there is one that the network does not have.
    """
    state_dict = plain_weights(state_dict)
    names = {name: _new_name(name) for name in state_dict}
    unknown = [name for name, new_name in names.items() if new_name is None]
    missing = [name for name in NEEDED if name not in names]
    if unknown or missing:
        found = f'the unknown {unknown[0]!r}' if unknown else f'no {missing[0]!r}'
        raise InputError(
            f'weights: found {found}, expected those of the ROI-mask classifier of its '
            'author (Net.*, Attentionlayer.*)'
        )
    logger.info('%d weights converted', len(names))
    return {new_name: state_dict[name] for name, new_name in names.items()}


def _new_name(name: str) -> str | None:
    for prefix, new_prefix in PREFIXES.items():
        if name.startswith(prefix):
            return new_prefix + name.removeprefix(prefix)
    return None
