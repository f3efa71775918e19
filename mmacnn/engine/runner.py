# Copyright (c) mmacnn authors. All rights reserved.
"""Building the runner of a config, and what is checked before it starts."""

from pathlib import Path

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.model import is_model_wrapper
from mmengine.registry import RUNNERS
from mmengine.runner import BaseLoop, Runner
from torch import nn

from mmacnn.compat import torch_load
from mmacnn.utils import InputError, atomic_write

from .data_checks import check_data_settings

torch_load.replace_loaders()

CLASS_HEADS = ('head', 'bbox_head', 'roi_head.bbox_head')


class AtomicConfigRunner(Runner):
    """mmengine's runner, with a copy of the config that is whole or not there."""

    @master_only
    def dump_config(self) -> None:
        """Write the config to ``work_dir``, where an earlier run's may be.

        A config that lies there itself stays as its author wrote it; what the command
        line changed stands in the log.
        """
        source = self.cfg.filename
        copy = Path(self.work_dir, Path(source or f'{self.timestamp}.py').name)
        if source and copy.resolve() == Path(source).resolve():
            return
        with atomic_write(copy) as path:
            self.cfg.dump(path)


def build_runner(cfg: Config) -> Runner:
    """Build the runner that the config names, or mmengine's own.

    Raises:
        InputError: See :func:`mmacnn.engine.data_checks.check_data_settings`.
    """
    check_data_settings(cfg)
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return AtomicConfigRunner.from_cfg(cfg)


def check_num_classes(model: nn.Module, loop: BaseLoop | None, path: str) -> None:
    """Compare the classes of the model's head with those of the data set.

    With too few, training ends deep inside the loss; with too many, nobody notices.

    Args:
        model: The model, or a distributed wrapper of it.
        loop: The loop that the data set is used in. One that names no classes passes.
        path: The config file, for the message.

    Raises:
        InputError: The numbers differ.
    """
    model = model.module if is_model_wrapper(model) else model
    name, expected = next(
        (
            (name, module.num_classes)
            for name, module in model.named_modules()
            if name in CLASS_HEADS and hasattr(module, 'num_classes')
        ),
        ('', None),
    )
    dataset = getattr(getattr(loop, 'dataloader', None), 'dataset', None)
    names = getattr(dataset, 'metainfo', {}).get('classes')
    if expected is not None and names is not None and len(names) != expected:
        raise InputError(
            f'{path}: model.{name}.num_classes is {expected}, expected {len(names)}, '
            "the number of the data set's classes"
        )
