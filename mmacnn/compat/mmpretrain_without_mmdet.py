# Copyright (c) mmacnn authors. All rights reserved.
"""A classifier does not wait for mmdet.

Upstream: mmpretrain 1.2.0, ``models/utils/res_layer_extra_norm.py`` (no issue is open).
``import mmpretrain.models`` imports all of ``mmdet.models`` where mmdet is installed,
for one layer that only detectors use: more time than all that a classifier needs. Here
the module has what it has without mmdet, ``ResLayerExtraNorm = None``, until somebody
imports ``mmdet.models``; then it is loaded, and mmdet's registry has the layer.
"""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

LAYER = 'mmpretrain.models.utils.res_layer_extra_norm'
DETECTORS = 'mmdet.models'


def apply() -> None:
    """Put the finder before Python's own, which would find the module."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname == LAYER and DETECTORS not in sys.modules:
            return ModuleSpec(fullname, _NoLayer(), origin=__file__)
        if fullname == DETECTORS:
            spec = PathFinder.find_spec(fullname, path, target)
            if spec is not None and isinstance(spec.loader, SourceFileLoader):
                spec.loader = _Detectors(spec.loader.name, spec.loader.path)
            return spec
        return None


class _NoLayer(Loader):
    def create_module(self, spec):
        return None  # Python's default

    def exec_module(self, module: ModuleType) -> None:
        module.ResLayerExtraNorm = None


class _Detectors(SourceFileLoader):
    """Loads mmdet's models, and then the layer if it was left out before."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        left_out = sys.modules.get(LAYER)
        if left_out is None or left_out.ResLayerExtraNorm is not None:
            return
        del sys.modules[LAYER]
        layer = import_module(LAYER).ResLayerExtraNorm
        sys.modules[LAYER.rpartition('.')[0]].ResLayerExtraNorm = layer
