# Copyright (c) mmacnn authors. All rights reserved.
"""Distributed training without a GPU.

Upstream: mmengine 0.10.7, ``dist/utils.py::_init_dist_pytorch`` and
``Runner.wrap_model``; no issue is open (the two lines were last discussed in
mmengine #973). The first calls ``torch.cuda.set_device`` whatever the machine, the
second gives ``DistributedDataParallel`` a device id, which torch refuses for a model
on the CPU. Here, where mmengine itself would compute on the CPU, the processes talk
through gloo and the device id is left out. With an accelerator nothing changes.
"""

import functools
import logging

import mmengine.dist.utils as dist_utils
from mmengine.device import get_device
from torch import distributed as torch_dist

logger = logging.getLogger(__name__)


def apply() -> None:
    """Put a fork in the road in mmengine's ``pytorch`` launcher."""
    original = dist_utils._init_dist_pytorch
    if hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def init_dist_pytorch(backend, init_backend='torch', **kwargs):
        if get_device() != 'cpu' or init_backend != 'torch':
            return original(backend, init_backend=init_backend, **kwargs)
        _leave_out_device_ids()
        # nccl is what every config asks for, and it needs GPUs.
        backend = 'gloo' if backend == 'nccl' else backend
        logger.debug('no accelerator: distributed training on the CPU by %s', backend)
        torch_dist.init_process_group(backend=backend, **kwargs)

    dist_utils._init_dist_pytorch = init_dist_pytorch


def _leave_out_device_ids() -> None:
    """Have ``MMDistributedDataParallel`` accept a model on the CPU."""
    # Late, because mmengine.model takes a second to import.
    from mmengine.model import MMDistributedDataParallel

    original = MMDistributedDataParallel.__init__
    if hasattr(original, '__wrapped__'):
        return

    @functools.wraps(original)
    def init(self, module, *args, **kwargs):
        if all(parameter.device.type == 'cpu' for parameter in module.parameters()):
            kwargs['device_ids'] = None
        original(self, module, *args, **kwargs)

    MMDistributedDataParallel.__init__ = init
