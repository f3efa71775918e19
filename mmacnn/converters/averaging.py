# Copyright (c) mmacnn authors. All rights reserved.
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number


def average_checkpoints(first: dict, second: dict, weight: float = 0.5) -> dict:
    """Average two checkpoints of one model, of which one was fine-tuned from the other.

    The mean keeps what the first reads and most of what the second learned
    (Wortsman et al., *Robust fine-tuning of zero-shot models*, CVPR 2022).

    Args:
        first: As mmengine's ``CheckpointHook`` saves it.
        second: The same; weights that ``first`` lacks are taken as they are.
        weight: Of ``second``, in [0, 1].

    Returns:
        ``second`` with the averaged ``state_dict``; integers are of ``second``.

    Raises:
        InputError: ``weight`` is out of range, a checkpoint has no ``state_dict``, a
            weight has another shape in the other checkpoint, or they share none.
    """
    check_number('weight', weight, 0, 1)
    for checkpoint in (first, second):
        if 'state_dict' not in checkpoint:
            raise InputError(
                f"found {sorted(checkpoint)} in the checkpoint, expected a 'state_dict'"
            )
    if first['state_dict'].keys().isdisjoint(second['state_dict']):
        raise InputError('the checkpoints share no weight: they are not of one model')
    averaged = {}
    for name, value in second['state_dict'].items():
        other = first['state_dict'].get(name, value)
        if other.shape != value.shape:
            raise InputError(
                f'{name} has shapes {tuple(other.shape)} and {tuple(value.shape)}: the '
                'checkpoints are not of one model'
            )
        if value.is_floating_point():
            value = other.float() + weight * (value.float() - other.float())
        averaged[name] = value
    return dict(second, state_dict=averaged)
