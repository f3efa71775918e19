# Copyright (c) mmacnn authors. All rights reserved.
"""Plug-in layers where the backbone has room for them."""

import inspect

from mmengine.config import Config
from mmengine.registry import MODELS

from mmacnn.utils import InputError

POSITIONS = ('after_conv1', 'after_conv2', 'after_conv3')


def check_plugins(cfg: Config) -> None:
    """Look whether the backbone has the positions that plug-ins are given.

    mmdet ends a mistake with an assertion that names neither, and other backbones
    don't know the argument.

    Args:
        cfg: A config, with ``model.backbone`` or not.

    Raises:
        InputError: The backbone takes no plug-ins, or none at that position.
    """
    backbone = cfg.get('model', {}).get('backbone') or {}
    plugins = backbone.get('plugins')
    if not plugins or 'backbone' in backbone:
        return  # mmacnn.PluginBackbone looks itself at what it holds.
    where = f'{cfg.filename}: model.backbone.plugins'
    _check_backbone(backbone, cfg.get('default_scope'), where)
    for index, plugin in enumerate(plugins):
        position = plugin.get('position')
        if position not in POSITIONS:
            raise InputError(
                f'{where}[{index}].position: found {position!r}, expected '
                f'{" or ".join(map(repr, POSITIONS))}'
            )


def _check_backbone(backbone: dict, scope: str | None, where: str) -> None:
    kind = backbone['type']
    if isinstance(kind, str):
        with MODELS.switch_scope_and_registry(scope) as registry:
            kind = registry.get(kind)
    if kind is None:
        return  # Building it will say that there is no such type.
    arguments = inspect.signature(kind).parameters.values()
    if not any(a.name == 'plugins' or a.kind is a.VAR_KEYWORD for a in arguments):
        takes_plugins = False
    elif backbone.get('depth') in (18, 34):
        # Late, because only this needs the seconds that the models take to import.
        from mmacnn.models.backbones import PluginResNet

        takes_plugins = issubclass(kind, PluginResNet)
    else:
        takes_plugins = True
    if not takes_plugins:
        depth = f' of depth {backbone["depth"]}' if 'depth' in backbone else ''
        raise InputError(
            f'{where}: found {backbone["type"]}{depth}, which takes none, expected '
            'mmacnn.PluginResNet or another backbone that takes plug-ins'
        )
