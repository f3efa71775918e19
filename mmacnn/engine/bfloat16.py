# Copyright (c) mmacnn authors. All rights reserved.
"""Mixed precision on CPUs, which mmengine's ``AmpOptimWrapper`` refuses."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import nn

from mmacnn.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Forward and backward pass in bfloat16, where PyTorch's autocast allows it.

    bfloat16 has the range of float32, so that the loss needs no scale. Weights and the
    optimizer's state stay float32.

    Args:
        **kwargs: Those of :class:`mmengine.optim.OptimWrapper`.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """mmengine's, in which the model computes in bfloat16."""
        device = get_device().partition(':')[0]
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
