# Copyright (c) mmacnn authors. All rights reserved.
"""AlexNet's convolutional part with room for plug-in layers."""

from collections.abc import Sequence

from mmcv.cnn import build_plugin_layer
from mmpretrain.models.backbones import AlexNet
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

POSITION = 'after_relu'


@MODELS.register_module()
class PluginAlexNet(AlexNet):
    """AlexNet without its classifier, with plug-in layers behind the activations.

    With ``SE`` or ``CBAM`` behind all five it is the SENet-AlexNet or CBAM-AlexNet of
    Vieira e Silva et al., *Attention Modules Improve Image-Level Anomaly Detection for
    Industrial Inspection*, WACV 2024. Convolutions have torchvision's names, so its
    weights load, and those of mmpretrain's AlexNet.

    Args:
        plugins: Plug-ins as of mmdet's ResNet: ``cfg``, ``position`` ('after_relu', the
            only one), and ``stages``, five booleans, where not behind all activations.
        init_cfg: Config of the initialization.

    Returns (forward):
        A tuple with the last feature map, (B, 256, H / 32, W / 32) about.

    Raises:
        InputError: A plug-in's position or stages are not there.
    """

    def __init__(
        self, plugins: Sequence[dict] = (), init_cfg: dict | None = None
    ) -> None:
        super().__init__()
        self.init_cfg = init_cfg
        self.plugin_names: dict[int, list[str]] = {}
        stage, channels = 0, 0
        for index, layer in enumerate(self.features):
            if isinstance(layer, nn.Conv2d):
                channels = layer.out_channels
            if isinstance(layer, nn.ReLU):
                stage += 1
                self.plugin_names[index] = [
                    self._add_plugin(plugin, stage, channels)
                    for plugin in plugins
                    if _stages(plugin)[stage - 1]
                ]

    def _add_plugin(self, plugin: dict, stage: int, channels: int) -> str:
        name, layer = build_plugin_layer(
            dict(plugin['cfg']), postfix=stage, in_channels=channels
        )
        self.add_module(name, layer)
        return name

    def forward(self, x: Tensor) -> tuple[Tensor]:
        for index, layer in enumerate(self.features):
            x = layer(x)
            for name in self.plugin_names.get(index, ()):
                x = getattr(self, name)(x)
        return (x,)


def _stages(plugin: dict) -> Sequence[bool]:
    position, stages = plugin.get('position'), plugin.get('stages', (True,) * 5)
    if position != POSITION:
        raise InputError(
            f'PluginAlexNet: plugins: found the position {position!r}, expected '
            f'{POSITION!r}'
        )
    if len(stages) != 5:
        raise InputError(
            f'PluginAlexNet: plugins: found {len(stages)} stages, expected 5 booleans'
        )
    return stages
