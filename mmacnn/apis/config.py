# Copyright (c) mmacnn authors. All rights reserved.
"""What training and testing share: the config, the runner and the checkpoint."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import master_only
from mmengine.model import is_model_wrapper
from mmengine.registry import DATASETS, RUNNERS
from mmengine.runner import BaseLoop, CheckpointLoader, Runner
from torch import Tensor, nn

from mmacnn.compat import torch_load
from mmacnn.utils import full_disk_named, written_whole

from .plugins import check_plugins

torch_load.replace_loaders()

CLASS_HEADS = ('head', 'bbox_head', 'roi_head.bbox_head')


def load_config(
    path: str,
    work_dir: str | None = None,
    launcher: str = 'none',
    cfg_options: dict | None = None,
) -> Config:
    """Read a config file and put what the user chose on the command line over it.

    A ``category`` at its top, or in ``cfg_options``, is that of all its data sets: a
    line chooses the part of MVTec AD, and not one line for each dataloader.

    Args:
        path: Config file.
        work_dir: Folder of logs and checkpoints. Without it the config's ``work_dir``,
            or else ``./work_dirs/NAME_OF_CONFIG``.
        launcher: ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
        cfg_options: Settings to override, with dotted keys.

    Raises:
        FileNotFoundError: There is no such file, or one of its bases is missing.
        ValueError: An override does not fit the config, or the backbone has no room
            for a plug-in.
    """
    with full_disk_named(tempfile.gettempdir()):  # mmengine copies the file there
        cfg = Config.fromfile(path)
    options = dict(cfg_options or {})
    _set_category(cfg, options.pop('category', cfg.get('category')))
    try:
        cfg.merge_from_dict(options)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: --cfg-options does not fit the config: {error.args[0]}'
        ) from error
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs', Path(path).stem))
    cfg.launcher = launcher
    check_plugins(cfg)
    return cfg


def _set_category(cfg: Config, category: str | None) -> None:
    """Write the category into all data sets that have one."""
    if category is None:
        return
    cfg.category = category
    pending = [value for key, value in cfg.items() if key.endswith('_dataloader')]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if 'category' in value:
                value['category'] = category
            pending += value.values()  # data sets can hold data sets
        elif isinstance(value, (list, tuple)):
            pending += value


class WholeConfigRunner(Runner):
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
        with written_whole(copy) as path:
            self.cfg.dump(path)


def build_runner(cfg: Config) -> Runner:
    """Build the runner that the config names, or mmengine's own."""
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return WholeConfigRunner.from_cfg(cfg)


def load_checkpoint(path: str) -> dict:
    """Read a checkpoint on the CPU.

    Args:
        path: A file, or an address that mmengine knows (``http://``, ``mmpretrain://``).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, or holds more than weights and logged numbers.
    """
    if '://' not in path and not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such checkpoint')
    try:
        # Reads a file with `mmacnn.compat.torch_load`, as everything of mmengine does.
        checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    except ValueError:
        raise
    except Exception as error:  # an unknown model, no network, a full disk
        reason = str(error).strip().partition('\n')[0]
        raise ValueError(f'{path}: not a readable checkpoint: {reason}') from error
    if not isinstance(checkpoint, dict):
        found = type(checkpoint).__name__
        raise ValueError(f'{path}: expected a dict of weights, found {found}')
    _check_parts(checkpoint, path)
    return checkpoint


def _check_parts(checkpoint: dict, path: str) -> None:
    meta = checkpoint.get('meta') or {}
    parts = {
        'state_dict': checkpoint.get('state_dict', {}),
        'meta': meta,
        'dataset_meta': isinstance(meta, dict) and meta.get('dataset_meta') or {},
    }
    for name, part in parts.items():
        if not isinstance(part, dict) or not all(isinstance(key, str) for key in part):
            raise ValueError(
                f'{path}: found a {type(part).__name__} as {name}, expected a dict '
                'with names'
            )
    for name, weight in parts['state_dict'].items():
        if not isinstance(weight, Tensor) and not name.endswith('_extra_state'):
            raise ValueError(
                f'{path}: found a {type(weight).__name__} as the weight {name!r}, '
                'expected a tensor'
            )


def load_weights(model: nn.Module, checkpoint: dict, path: str) -> None:
    """Put the weights of a checkpoint into the model that they were made for.

    mmengine only warns when weights are missing, and then predicts with random ones.

    Args:
        model: The model, or a distributed wrapper of it.
        checkpoint: What :func:`load_checkpoint` returned.
        path: The checkpoint's file, for the message.

    Raises:
        ValueError: Weights are missing, or have other sizes.
    """
    model = model.module if is_model_wrapper(model) else model
    state = checkpoint.get('state_dict', checkpoint)
    state = {name.removeprefix('module.'): value for name, value in state.items()}
    try:
        missing = model.load_state_dict(state, strict=False).missing_keys
    except RuntimeError as error:  # sizes differ: one line a weight, after a headline
        problem = str(error).strip().splitlines()[1].strip()
    else:
        problem = (
            f'{len(missing)} weights are missing, {missing[:1]}' if missing else ''
        )
    if problem:
        raise ValueError(
            f"{path}: does not fit the config's {type(model).__name__}: "
            f'{problem.rstrip(".")}'
        )


def class_names(checkpoint: dict, config: Config) -> Sequence[str] | None:
    """Names of the classes: the checkpoint's, else the config's, else the data set's.

    Args:
        checkpoint: What :func:`load_checkpoint` returned.
        config: A config with ``test_dataloader``.

    Returns:
        The names in the order of the class numbers; None if nothing has them.
    """
    meta = (checkpoint.get('meta') or {}).get('dataset_meta') or {}
    dataset = config.test_dataloader.dataset
    names = (
        meta.get('classes')
        or dataset.get('metainfo', {}).get('classes')
        or dataset.get('classes')
    )
    if names is None or isinstance(names, str):
        with DATASETS.switch_scope_and_registry(config.get('default_scope')) as known:
            kind = known.get(dataset.type)
        names = getattr(kind, 'METAINFO', {}).get('classes')  # such as COCO's 80
    return names


def check_num_classes(model: nn.Module, loop: BaseLoop | None, path: str) -> None:
    """Compare the classes of the model's head with those of the data set.

    With too few, training ends deep inside the loss; with too many, nobody notices.

    Args:
        model: The model, or a distributed wrapper of it.
        loop: The loop that the data set is used in. One that names no classes passes.
        path: The config file, for the message.

    Raises:
        ValueError: The numbers differ.
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
        raise ValueError(
            f'{path}: model.{name}.num_classes is {expected}, expected {len(names)}, '
            "the number of the data set's classes"
        )
