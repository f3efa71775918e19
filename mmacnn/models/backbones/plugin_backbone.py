# Copyright (c) mmacnn authors. All rights reserved.
"""Plug-in layers in backbones that have no room for them."""

from collections.abc import Sequence
from functools import partial

from mmcv.cnn import build_plugin_layer
from mmengine.model import ModuleDict
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .points import count_channels, find_point

OWNER = 'PluginBackbone'


class Plugins(ModuleDict):
    """Plug-in layers by name; they hang on the backbone by hooks.

    So its code and the names of its weights stay as they are. Hooks are methods of this
    module, so that a copy of the backbone has its own.
    """

    def apply_to(self, name: str, module: nn.Module, inputs: tuple, output: Tensor):
        """The plug-in's output instead of the module's."""
        return self[name](output)


@MODELS.register_module(name='PluginBackbone')
def plugin_backbone(backbone: dict, plugins: Sequence[dict]) -> nn.Module:
    """Build any backbone of mmpretrain with plug-in layers behind its stages.

    What is built is the backbone's own class with one module more, ``plugins``, so that
    pretrained weights load.

    Args:
        backbone: Config of the backbone.
        plugins: ``cfg`` of a layer such as ``mmacnn.SE``, which gets ``in_channels``,
            and ``position``: ``'stem'``, ``'stage1'``, the first of those that
            ``out_indices`` counts, and so on, or the name of a module that returns a
            feature map.

    Returns:
        The backbone.

    Raises:
        InputError: There are no plug-ins, a position is not there or named twice.
    """
    points = [plugin.get('position') for plugin in plugins]
    if not points or len(set(points)) < len(points) or None in points:
        raise InputError(
            f'{OWNER}: plugins have the positions {points}, expected different ones, '
            'such as stem or stage1'
        )
    model = MODELS.build(backbone)
    modules = {point: find_point(model, point, OWNER) for point in points}
    channels = count_channels(model, modules, OWNER)
    layers = Plugins()
    for plugin in plugins:
        point = plugin['position']
        kind, layer = build_plugin_layer(
            dict(plugin['cfg']), in_channels=channels[point]
        )
        name = f'{point.replace(".", "_")}_{kind}'
        layers[name] = layer
        modules[point].register_forward_hook(partial(layers.apply_to, name))
    model.plugins = layers
    return model
