# Copyright (c) mmacnn authors. All rights reserved.
from collections.abc import Sequence

from mmengine.dataset import default_collate

from mmacnn.registry import FUNCTIONS
from mmacnn.utils import InputError


@FUNCTIONS.register_module()
def same_size_collate(samples: Sequence[dict]) -> dict:
    """Stack the samples of a batch, as mmengine's ``default_collate``.

    Padding the smaller images, as ``pseudo_collate`` lets mmpretrain do, would change
    the mean over positions, and with it the score.

    Args:
        samples: ``inputs`` (C, H, W) and ``data_samples``.

    Raises:
        InputError: The images differ in size.
    """
    first = samples[0]
    for sample in samples[1:]:
        if sample['inputs'].shape != first['inputs'].shape:
            sizes = [
                '{}x{}'.format(*each['inputs'].shape[-2:]) for each in (sample, first)
            ]
            paths = [
                each['data_samples'].get('img_path', 'an image')
                for each in (sample, first)
            ]
            raise InputError(
                f'{paths[0]}: found {sizes[0]} pixels in a batch with {paths[1]} of '
                f'{sizes[1]}, expected images of one size (a Resize in the pipeline, '
                'or batch_size=1)'
            )
    return default_collate(samples)
