# Copyright (c) mmacnn authors. All rights reserved.
"""Backbones that end earlier, for feature maps of higher resolution."""

from collections import OrderedDict

from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .cell_geometry import PROBE_SIZE, run_probe

# Where mmpretrain's backbones keep the stages that `out_indices` counts: a ModuleList,
# or a list of attributes' names.
STAGES = ('stages', 'res_layers', 'layers')


@MODELS.register_module(name='TruncatedBackbone')
def truncated_backbone(
    backbone: dict, stride: int | None = None, keep_expansion: bool = False
) -> nn.Module:
    """Build a backbone of mmpretrain without the layers after its output.

    What is built is the backbone's own class, and the weights keep their names, so that
    pretrained weights load (``init_cfg`` of the backbone, or ``load_from``). It works
    for backbones whose ``forward`` goes through a list of stages, as nearly all
    convolutional ones and Swin do.

    Args:
        backbone: Config of the backbone. Its ``out_indices`` say where it ends.
        stride: Instead of ``out_indices``: end after the last stage of this stride.
        keep_expansion: Keep the first layer of the next stage too, if it is an inverted
            residual block's expansion: a 1x1 convolution to several times the channels,
            still at the stride before.

    Returns:
        The backbone; it returns a tuple, the last item (B, C, H / stride, W / stride).

    Raises:
        InputError: No stage has this stride, the next stage does not begin with an
            expansion, or the backbone has no list of stages to cut.
        InputError: There is neither ``stride`` nor ``out_indices``.
    """
    name = backbone['type']
    if stride is not None:
        backbone = dict(backbone, out_indices=(_last_stage(backbone, stride),))
    elif 'out_indices' not in backbone:
        raise InputError(
            f'TruncatedBackbone of {name}: expected stride, or out_indices in backbone'
        )
    model = MODELS.build(backbone)
    last = max(model.out_indices)
    stages = list_stages(model, name)
    if keep_expansion:
        following = stages[last + 1 : last + 2]
        expansion = _expansion(following[0]) if following else None
        if expansion is None:
            raise InputError(
                f'TruncatedBackbone of {name}: keep_expansion needs an inverted '
                f'residual block after stage {last}, found none'
            )
        last += 1
        stages[last] = expansion
        model.out_indices = [last]
    _keep(model, stages[: last + 1])
    return model


def _attribute(model: nn.Module, name: str) -> str:
    for attribute in STAGES:
        if isinstance(
            getattr(model, attribute, None), nn.ModuleList | nn.Sequential | list
        ):
            return attribute
    raise InputError(
        f'{name}: expected a backbone with a list of stages '
        f'({", ".join(STAGES)}), found none'
    )


def list_stages(model: nn.Module, name: str) -> list[nn.Module]:
    """The stages that ``out_indices`` counts.

    Args:
        model: The backbone.
        name: What to call it in a message.

    Raises:
        InputError: It has no list of stages.
    """
    stages = getattr(model, _attribute(model, name))
    return [getattr(model, s) if isinstance(s, str) else s for s in stages]


def _last_stage(backbone: dict, stride: int) -> int:
    """Index of the last stage whose output has this stride."""
    name = backbone['type']
    if 'out_indices' in backbone:
        raise InputError(
            f'TruncatedBackbone of {name}: found stride and out_indices, expected one'
        )
    # Weights do not matter here, and may not be there yet.
    model = MODELS.build({k: v for k, v in backbone.items() if k != 'init_cfg'})
    heights: list[int] = []

    def measure(stage: nn.Module, inputs: tuple, output: Tensor) -> None:
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise InputError(
                f'TruncatedBackbone of {name}: its stages give no feature map '
                '(batch, channels, height, width), name out_indices instead of stride'
            )
        heights.append(output.shape[-2])

    run_probe(model, dict.fromkeys(list_stages(model, name), measure))
    strides = [PROBE_SIZE // height for height in heights]
    if stride not in strides:
        raise InputError(
            f'TruncatedBackbone of {name}: no stage has stride {stride}, expected one '
            f'of {", ".join(map(str, sorted(set(strides))))}'
        )
    return len(strides) - 1 - strides[::-1].index(stride)


def _expansion(stage: nn.Module) -> nn.Module | None:
    """The stage without all but its first block's expansion, under the same names."""
    block = stage[0] if isinstance(stage, nn.Sequential) else stage
    if getattr(block, 'expand_conv', None) is None:
        return None
    kept = nn.Sequential(OrderedDict(expand_conv=block.expand_conv))
    return nn.Sequential(kept) if isinstance(stage, nn.Sequential) else kept


def _keep(model: nn.Module, kept: list[nn.Module]) -> None:
    """Delete the stages that are not ``kept``, and what belongs to them."""
    attribute = _attribute(model, model.__class__.__name__)
    stages = getattr(model, attribute)
    if isinstance(stages, list):
        for name, stage in zip(stages, kept, strict=False):
            setattr(model, name, stage)
        for name in stages[len(kept) :]:
            delattr(model, name)
        setattr(model, attribute, stages[: len(kept)])
    else:
        setattr(model, attribute, nn.ModuleList(kept))
    # ConvNeXt's downsampling stands beside the stages, Swin's ends the stage before.
    if hasattr(model, 'downsample_layers'):
        model.downsample_layers = model.downsample_layers[: len(kept)]
    if getattr(kept[-1], 'downsample', None) is not None:
        kept[-1].downsample = None
