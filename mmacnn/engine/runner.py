# Copyright (c) mmacnn authors. All rights reserved.
"""Building the runner of a config, and what is checked before it starts."""

import logging
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import wraps
from io import StringIO
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.logging import MMLogger
from mmengine.model import is_model_wrapper
from mmengine.registry import FUNCTIONS, OPTIMIZERS, RUNNERS
from mmengine.runner import BaseLoop, Runner
from torch import Tensor, nn

from mmacnn.compat import torch_load
from mmacnn.utils import InputError, atomic_write
from mmacnn.utils.user_errors import describe

from .building import check_type, config_errors
from .data_checks import check_data_settings
from .terminal import FILE_ONLY, shorten_terminal

torch_load.replace_loaders()

# What mmengine's runner builds, some of it late, and the key that it builds it from.
BUILT_FROM = dict(
    build_model='model',
    build_train_loop='train_dataloader',
    build_val_loop='val_dataloader',
    build_test_loop='test_dataloader',
    build_optim_wrapper='optim_wrapper',
    build_param_scheduler='param_scheduler',
    build_visualizer='visualizer',
    load_or_resume='load_from',
    _init_model_weights='model',
)
CLASS_HEADS = ('head', 'bbox_head', 'roi_head.bbox_head')


class AtomicConfigRunner(Runner):
    """mmengine's runner, which writes its copy of the config atomically.

    A mistake of the config that shows while something is built from it is an
    ``InputError``, see :func:`config_errors`.
    """

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

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """mmengine's logger; its file has more than its terminal."""
        logger = super().build_logger(*args, **kwargs)
        shorten_terminal(logger)
        return logger

    def load_checkpoint(self, filename: str, *args: Any, **kwargs: Any) -> dict:
        """mmengine's; the log file has its lists of weights that do not fit.

        On the terminal is one line.
        """
        with redirect_stdout(StringIO()) as lists:
            checkpoint = super().load_checkpoint(filename, *args, **kwargs)
        new, count = _new_weights(self.model, checkpoint)
        if new and self.rank == 0:
            self.logger.info(lists.getvalue(), extra=FILE_ONLY)
            names = ', '.join(new[:3]) + ', ...' * (len(new) > 3)
            self.logger.log(
                logging.WARNING if len(new) == count else logging.INFO,
                f'{count - len(new)} of {count} tensors from {filename}; as the model '
                f'begins: {names}',
            )
        return checkpoint

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Go on from a checkpoint.

        Raises:
            InputError: It is of another optimizer.
        """
        try:
            super().resume(filename, *args, **kwargs)
        except ValueError as error:
            if 'parameter group' not in str(error):
                raise
            raise InputError(
                f'{filename}: found the optimizer of another training, expected that '
                f'of {self.cfg.filename}: {describe(error)}'
            ) from error


def _new_weights(model: nn.Module, checkpoint: dict) -> tuple[list[str], int]:
    """Names of the model's weights that no file gave, and the number of all."""
    model = model.module if is_model_wrapper(model) else model
    loaded = {
        name.removeprefix('module.'): value.shape
        for name, value in checkpoint.get('state_dict', checkpoint).items()
        if isinstance(value, Tensor)
    }
    own = {name: value.shape for name, value in model.state_dict().items()}
    return [name for name, shape in own.items() if loaded.get(name) != shape], len(own)


def _guard(method: str, key: str) -> Callable:
    of_mmengine = getattr(Runner, method)

    @wraps(of_mmengine)
    def guarded(self: Runner, *args: Any, **kwargs: Any) -> Any:
        with config_errors(self.cfg.filename or 'config', key, cfg=self.cfg):
            return of_mmengine(self, *args, **kwargs)

    return guarded


for _method, _key in BUILT_FROM.items():
    setattr(AtomicConfigRunner, _method, _guard(_method, _key))


def build_runner(cfg: Config) -> Runner:
    """Build the runner that the config names, or mmengine's own.

    Raises:
        InputError: Something can't be built from the config, or see
            :func:`mmacnn.engine.data_checks.check_data_settings`.
    """
    path = cfg.filename or 'config'
    check_data_settings(cfg)
    optimizer = (cfg.get('optim_wrapper') or {}).get('optimizer') or {}
    check_type(optimizer.get('type'), OPTIMIZERS, f'{path}: optim_wrapper.optimizer')
    check_type(cfg.get('runner_type'), RUNNERS, f'{path}: runner_type')
    for name, loader in cfg.items():
        if name.endswith('_dataloader') and isinstance(loader, dict):
            kind = (loader.get('collate_fn') or {}).get('type')
            check_type(kind, FUNCTIONS, f'{path}: {name}.collate_fn')
    with config_errors(path, cfg=cfg):
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
