# Copyright (c) mmacnn authors. All rights reserved.
import torch

from mmacnn.utils import InputError


def publish_checkpoint(checkpoint: dict, half: bool = False) -> dict:
    """Keep of a training checkpoint what a user needs: the weights and the classes.

    Args:
        checkpoint: As mmengine's ``CheckpointHook`` saves it.
        half: Whether to store the floating-point weights as float16. They are loaded
            into the model's float32 again.

    Returns:
        ``state_dict`` and ``meta`` with ``dataset_meta`` alone.

    Raises:
        InputError: The checkpoint has no ``state_dict``.
            A weight does not fit float16's range.
    """
    if 'state_dict' not in checkpoint:
        raise InputError(
            f"found {sorted(checkpoint)} in the checkpoint, expected a 'state_dict'"
        )
    weights = {}
    for name, weight in checkpoint['state_dict'].items():
        weight = weight.detach().cpu()
        if half and weight.is_floating_point():
            weight = weight.to(torch.float16)
            if not weight.isfinite().all():
                raise InputError(f'{name} does not fit float16, publish it in float32')
        weights[name] = weight
    dataset_meta = (checkpoint.get('meta') or {}).get('dataset_meta', {})
    return dict(meta=dict(dataset_meta=dataset_meta), state_dict=weights)
