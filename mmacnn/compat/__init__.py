# Copyright (c) mmacnn authors. All rights reserved.
"""What OpenMMLab's last releases lack on today's Python and PyTorch.

One file a gap: each names the upstream issue, acts only while the gap is there and can
be deleted, together with its line below, when upstream has closed it. Nothing here
imports the rest of the package.
"""

from importlib import import_module

from . import mmpretrain_without_mmdet
from .after_import import after_import

__all__ = ['apply']

# What closes a gap, and the library that has it, which is slow to import.
GAPS = dict(
    find_loader='pkgutil',
    mmcv_ops='torch',
    torch_load='torch',
    cpu_distributed='mmengine.dist.utils',
    config_text='mmengine.config.config',
    mmdeploy_rewriters='mmdeploy.core.rewriters',
    onnx_cast_long='torch.onnx.symbolic_opset9',
)


def apply() -> None:
    """Close the gaps, each when its library is imported. Cheap."""
    mmpretrain_without_mmdet.apply()
    for name, library in GAPS.items():
        after_import(library, lambda name=name: _apply(name))


def _apply(name: str) -> None:
    import_module(f'{__name__}.{name}').apply()
