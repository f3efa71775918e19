# Copyright (c) mmacnn authors. All rights reserved.
from collections.abc import Callable, Mapping

import torch
from mmcv.cnn.bricks import Conv2dAdaptivePadding
from torch import nn

from mmacnn.utils import InputError

STRIDED = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, nn.Unfold)
PROBE_SIZE = 64  # Pixels, a multiple of every stride.


def probe_image(backbone: nn.Module) -> torch.Tensor:
    """A black image, (1, C, 64, 64), of as many channels as the backbone takes."""
    first = next(m for m in backbone.modules() if isinstance(m, nn.Conv2d))
    return torch.zeros(1, first.in_channels, PROBE_SIZE, PROBE_SIZE)


def run_probe(
    backbone: nn.Module, hooks: Mapping[nn.Module, Callable], before: bool = False
) -> tuple:
    """Output for :func:`probe_image`, with hooks on modules while it runs.

    Args:
        backbone: Any; it stays as it is.
        hooks: Module to its hook.
        before: Whether these are called before the forward pass of their module.
    """
    handles = [
        module.register_forward_pre_hook(hook)
        if before
        else module.register_forward_hook(hook)
        for module, hook in hooks.items()
    ]
    training = backbone.training
    backbone.eval()
    with torch.no_grad():
        output = backbone(probe_image(backbone))
    backbone.train(training)
    for handle in handles:
        handle.remove()
    return output


def cell_geometry(backbone: nn.Module, level: int = -1) -> tuple[int, float]:
    """Where the cells of a backbone's feature map lie on the image.

    Each strided layer moves the centre of the first receptive field by half its kernel
    less its padding (Araujo et al., *Computing Receptive Fields of Convolutional Neural
    Networks*, Distill 2019). Of branches that lead to the same resolution, the
    one that is computed first counts. For images whose sides the stride divides.

    Args:
        backbone: Returns a tuple of maps (B, C, h, w).
        level: Which of them.

    Returns:
        Pixels from one cell to the next, and the centre of the first cell's receptive
        field in pixels from the image's edge.

    Raises:
        InputError: The backbone's output is no map.
    """
    steps: dict[int, tuple[int, float]] = {}

    def note(layer: nn.Module, inputs: tuple) -> None:
        kernel, stride, padding, dilation = (
            value[0] if isinstance(value, tuple) else value
            for value in (
                layer.kernel_size,
                layer.stride,
                layer.padding,
                getattr(layer, 'dilation', 1),
            )
        )
        reach = (kernel - 1) * dilation
        if isinstance(layer, Conv2dAdaptivePadding):
            # It pads as little as it takes, and the odd pixel at the end.
            padding = max(0, reach + 1 - stride) // 2
        if stride > 1:
            height = inputs[0].shape[-2]
            steps.setdefault(height, (stride, reach / 2 - padding))

    strided = {m: note for m in backbone.modules() if isinstance(m, STRIDED)}
    output = run_probe(backbone, strided, before=True)[level]
    if output.ndim != 4:
        raise InputError(
            f'{type(backbone).__name__}: found features of shape '
            f'{tuple(output.shape)}, expected a map (batch, channels, height, width); '
            'where a backbone has it, set gap_before_final_norm=False'
        )
    pixels, centre = 1, 0.5
    for height, (stride, shift) in steps.items():
        if height <= output.shape[-2]:
            break  # behind this map
        centre += pixels * shift
        pixels *= stride
    return pixels, centre
