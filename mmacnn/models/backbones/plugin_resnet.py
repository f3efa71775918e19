# Copyright (c) mmacnn authors. All rights reserved.
"""mmdet's ResNet with room for plug-in layers in ResNet-18 and ResNet-34 too."""

import torch.utils.checkpoint as cp
from mmdet.models.backbones import ResNet
from mmdet.models.backbones.resnet import BasicBlock, Bottleneck
from torch import Tensor, nn

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

POSITIONS = ('after_conv1', 'after_conv2')


class PluginBasicBlock(BasicBlock):
    """Basic block with plug-in layers, which mmdet has in its bottleneck alone.

    Parameters have the names of mmdet's block, so its weights load.

    Args:
        inplanes: Input channels.
        planes: Output channels.
        plugins: Plug-ins as in mmdet's ``Bottleneck``, at ``'after_conv1'`` (behind
            norm and activation) or ``'after_conv2'`` (behind the norm, before the sum).
        **kwargs: Options of :class:`mmdet.models.backbones.resnet.BasicBlock`.

    Raises:
        InputError: A plug-in is at a position that the block does not have.
    """

    def __init__(
        self, inplanes: int, planes: int, plugins: list | None = None, **kwargs
    ) -> None:
        super().__init__(inplanes, planes, **kwargs)
        plugins = plugins or []
        for plugin in plugins:
            if plugin['position'] not in POSITIONS:
                raise InputError(
                    f'plugins: found the position {plugin["position"]!r}, expected '
                    f'{" or ".join(map(repr, POSITIONS))} in a basic block '
                    '(ResNet-18 and -34 have two convolutions a block)'
                )
        self.plugin_names = {
            position: self.make_block_plugins(
                planes, [p['cfg'] for p in plugins if p['position'] == position]
            )
            for position in POSITIONS
        }

    make_block_plugins = Bottleneck.make_block_plugins
    forward_plugin = Bottleneck.forward_plugin

    def forward(self, x: Tensor) -> Tensor:
        """Feature map (B, inplanes, H, W) to (B, planes, H / stride, W / stride)."""
        if self.with_cp and x.requires_grad:
            out = cp.checkpoint(self._before_activation, x, use_reentrant=False)
        else:
            out = self._before_activation(x)
        return self.relu(out)

    def _before_activation(self, x: Tensor) -> Tensor:
        out = self.relu(self.norm1(self.conv1(x)))
        out = self.forward_plugin(out, self.plugin_names['after_conv1'])
        out = self.norm2(self.conv2(out))
        out = self.forward_plugin(out, self.plugin_names['after_conv2'])
        return out + (x if self.downsample is None else self.downsample(x))


@MODELS.register_module()
class PluginResNet(ResNet):
    """mmdet's ResNet whose ``plugins`` work at every depth.

    Depths of 50 and more are mmdet's own. All arguments are those of
    :class:`mmdet.models.ResNet`; positions of plug-ins in ResNet-18 and -34 are
    ``'after_conv1'`` and ``'after_conv2'``.
    """

    def make_res_layer(self, block: type[nn.Module], **kwargs) -> nn.Module:
        """Pack the blocks of a stage."""
        # Here and not in `arch_settings`, by which mmdet knows how to initialise.
        if block is BasicBlock:
            block = PluginBasicBlock
        return super().make_res_layer(block=block, **kwargs)
