# Copyright (c) mmacnn authors. All rights reserved.
"""tests/test_tools/test_train.py trains with two processes."""

import mmengine.dist.utils as dist_utils
import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from torch import distributed as torch_dist
from torch import nn

from mmacnn.compat import cpu_distributed


@pytest.fixture
def launcher(monkeypatch):
    """A launcher that was patched anew, and the calls it hands on."""
    calls = []

    def original(backend, init_backend='torch', **kwargs):
        calls.append((backend, init_backend, kwargs))

    monkeypatch.setattr(dist_utils, '_init_dist_pytorch', original)
    cpu_distributed.apply()
    return dist_utils._init_dist_pytorch, calls


@pytest.fixture
def group_of_one(monkeypatch, tmp_path):
    """Room for a process group of this process alone."""
    yield dict(init_method=f'file://{tmp_path}/rendezvous', rank=0, world_size=1)
    if torch_dist.is_initialized():
        torch_dist.destroy_process_group()


def test_with_an_accelerator_nothing_changes(launcher, monkeypatch):
    init, calls = launcher
    monkeypatch.setattr(cpu_distributed, 'get_device', lambda: 'cuda')
    init('nccl', timeout=3)
    assert calls == [('nccl', 'torch', {'timeout': 3})]


def test_other_initializers_are_left_alone(launcher, monkeypatch):
    init, calls = launcher
    monkeypatch.setattr(cpu_distributed, 'get_device', lambda: 'cpu')
    init('nccl', init_backend='deepspeed')
    assert calls == [('nccl', 'deepspeed', {})]


def test_apply_twice_wraps_once(launcher):
    init, _ = launcher
    cpu_distributed.apply()
    assert dist_utils._init_dist_pytorch is init


@pytest.mark.parametrize('unused', [True, False])
def test_without_accelerator_gloo_and_no_device(
    launcher, group_of_one, monkeypatch, unused
):
    init, calls = launcher
    monkeypatch.setattr(cpu_distributed, 'get_device', lambda: 'cpu')
    init('nccl', **group_of_one)
    assert calls == []
    assert torch_dist.get_backend() == 'gloo'

    # As mmengine's Runner calls it.
    model = MMDistributedDataParallel(
        module=nn.Linear(2, 1),
        device_ids=[0],
        broadcast_buffers=False,
        find_unused_parameters=unused,
    )
    assert model.device_ids is None
    assert model.find_unused_parameters is unused
    assert model.broadcast_buffers is False
    model(torch.ones(1, 2)).sum().backward()
    assert model.module.weight.grad.tolist() == [[1, 1]]
