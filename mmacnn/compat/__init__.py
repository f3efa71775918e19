# Copyright (c) mmacnn authors. All rights reserved.
"""What OpenMMLab's last releases lack on today's PyTorch.

One file a gap: each names the upstream issue, acts only while the gap is there and can
be deleted, together with its line below, when upstream has closed it. Nothing here
imports the rest of the package.
"""

from . import cpu_distributed, mmcv_ops, mmpretrain_without_mmdet, torch_load

__all__ = ['apply']


def apply() -> None:
    """Close the gaps. Cheap, and safe to call more than once."""
    mmcv_ops.apply()
    mmpretrain_without_mmdet.apply()
    torch_load.apply()
    cpu_distributed.apply()
