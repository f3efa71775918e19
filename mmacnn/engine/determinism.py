# Copyright (c) mmacnn authors. All rights reserved.
"""Trainings that end with the same weights, bit by bit."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.config import Config


def set_deterministic(cfg: Config) -> None:
    """Have mmengine fix the order of all sums; the seed is 0 where there is none."""
    cfg.randomness = dict(cfg.get('randomness') or {}, deterministic=True)
    if cfg.randomness.get('seed') is None:
        cfg.randomness.seed = 0
    if cfg.get('env_cfg'):
        cfg.env_cfg.cudnn_benchmark = False
    # Without it PyTorch refuses matrix products on a GPU in this mode.
    os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')


@contextmanager
def algorithms_as_before() -> Iterator[None]:
    """What mmengine switches on for a training ends with it."""
    was_deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was_deterministic)
