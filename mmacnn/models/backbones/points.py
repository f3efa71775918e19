# Copyright (c) mmacnn authors. All rights reserved.
"""Places in a backbone that something can be put behind, by name."""

from functools import partial

from torch import Tensor, nn

from mmacnn.utils import InputError

from .cell_geometry import run_probe
from .truncated_backbone import list_stages

STEM = 'stem'
STAGE = 'stage'


def find_point(model: nn.Module, point: str, owner: str) -> nn.Module:
    """The module behind which the point is.

    Args:
        model: The backbone.
        point: ``'stem'``, its first convolution; ``'stage1'`` and so on; or a module's
            name.
        owner: Who asks, for the message.

    Raises:
        InputError: The backbone has no such point.
    """
    kind = type(model).__name__
    if point == STEM:
        return next(m for m in model.modules() if isinstance(m, nn.Conv2d))
    number = point.removeprefix(STAGE)
    if point.startswith(STAGE) and number.isdecimal():
        stages = list_stages(model, f'{owner} of {kind}')
        if not 1 <= int(number) <= len(stages):
            raise InputError(
                f'{owner} of {kind}: found the point {point!r}, expected '
                f'stage1 to stage{len(stages)}'
            )
        return stages[int(number) - 1]
    try:
        return model.get_submodule(point)
    except AttributeError:
        raise InputError(
            f'{owner} of {kind}: found the point {point!r}, expected {STEM}, '
            f'{STAGE}1 and so on, or the name of a module in the backbone'
        ) from None


def count_channels(
    model: nn.Module, modules: dict[str, nn.Module], owner: str
) -> dict[str, int]:
    """Channels of what each module returns, found by a look at a black image.

    Args:
        model: The backbone.
        modules: Modules in it, by name.
        owner: Who asks, for the message.

    Raises:
        InputError: A module returns no feature map, or does not run.
    """
    channels: dict[str, int] = {}

    def note(name: str, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise InputError(
                f'{owner}: {name} of {type(model).__name__} returns no '
                'feature map (batch, channels, height, width)'
            )
        channels[name] = output.shape[1]

    run_probe(model, {m: partial(note, name) for name, m in modules.items()})
    unused = [name for name in modules if name not in channels]
    if unused:
        raise InputError(
            f'{owner}: {unused[0]} of {type(model).__name__} does not run '
            'in a forward pass'
        )
    return channels
