# Copyright (c) mmacnn authors. All rights reserved.
"""Reading a deploy config and a model config, and whether they belong together."""

import tempfile
from collections.abc import Sequence
from copy import deepcopy
from importlib.util import find_spec

from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn

from mmacnn.datasets.transforms.load_image import is_loader, loader_of
from mmacnn.engine.building import config_errors
from mmacnn.utils import InputError, full_disk_named

BACKENDS = ('onnxruntime', 'openvino', 'tensorrt')
PACKAGES = ('mmdeploy', 'onnx', 'onnxruntime', 'ml_dtypes')
# What only labels need; a camera has none.
FOR_LABELS = ('LoadAnnotations', 'LoadDefectMask', 'ToTensor')


def require_packages(names: Sequence[str] = PACKAGES) -> None:
    """Name the packages that are missing and how to install them.

    Raises:
        InputError: One is missing.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise InputError(
            f'deployment needs {", ".join(missing)}, not installed: pip install '
            f'-c requirements/constraints.txt {" ".join(missing)}'
        )


def load_deploy_config(path: str) -> Config:
    """Read a deploy config and check what MMDeploy takes for granted.

    Args:
        path: Config file, such as those in ``configs/deploy``.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: A package that deployment needs is not installed.
            It is no deploy config, or not of this package's kind.
    """
    require_packages()
    with full_disk_named(tempfile.gettempdir()):  # mmengine copies the file there
        cfg = Config.fromfile(path)
    for key in ('codebase_config', 'backend_config', 'ir_config', 'tolerance'):
        if key not in cfg:
            raise InputError(f'{path}: expected a deploy config, with the key {key!r}')
    backend = cfg.backend_config.get('type')
    if backend not in BACKENDS:
        raise InputError(
            f'{path}: backend_config.type is {backend!r}, expected one of {BACKENDS}'
        )
    if backend == 'openvino':
        is_int8 = cfg.backend_config.precision == 'int8'
        require_packages(('openvino', 'nncf') if is_int8 else ('openvino',))
    raw_input = cfg.codebase_config.get('raw_input')
    if raw_input not in (None, 'uint8', 'float32'):
        raise InputError(
            f"{path}: codebase_config.raw_input is {raw_input!r}, expected 'uint8', "
            "'float32' or none"
        )
    return cfg


def plain_model_config(cfg: Config) -> Config:
    """Bring a model config into the form that MMDeploy reads.

    MMDeploy looks for ``test_pipeline`` and mmpretrain's ``data_preprocessor`` at the
    top, compares the steps' types without their scope, which those of this package
    keep, and knows no labels and no loader but mmcv's. ``depth`` at the top is that of
    the test pipeline's loader.

    Args:
        cfg: A config with ``model`` and ``test_dataloader``. It stays as it is.

    Raises:
        InputError: One of these is missing.
    """
    for key in ('model', 'test_dataloader'):
        if key not in cfg:
            raise InputError(f'{cfg.filename}: expected the key {key!r}')
    cfg = deepcopy(cfg)
    cfg.depth = loader_of(cfg.test_dataloader.dataset.pipeline).depth
    steps = []
    for step in cfg.test_dataloader.dataset.pipeline:
        kind = step.type if isinstance(step.type, str) else step.type.__name__
        name = kind.rpartition('.')[2]
        if is_loader(step):  # By MMDeploy's name; what is ours is read by `depth`.
            step, kind = {}, 'LoadImageFromFile'
        elif name == 'LoadRegionMask':  # There are images alone to compare on.
            step, kind = {}, 'mmacnn.StandInRegion'
        elif not kind.startswith('mmacnn.'):
            kind = name
        if name not in FOR_LABELS:
            steps.append(dict(step, type=kind))
            steps[-1].pop('algorithm_keys', None)
    cfg.test_pipeline = steps
    if 'data_preprocessor' in cfg.model:
        cfg.data_preprocessor = deepcopy(cfg.model.data_preprocessor)
    return cfg


def build_model(cfg: Config) -> nn.Module:
    """Build the model of a config for prediction, in the current default scope."""
    with config_errors(cfg.filename or 'config', 'model'):
        return MODELS.build(deepcopy(cfg.model)).eval()


def fit_to_model(deploy_cfg: Config, model: nn.Module) -> None:
    """Complete a deploy config for a model, or refuse one for another kind of model.

    Args:
        deploy_cfg: The deploy config; its outputs are changed in place.
        model: The model that it is to export.

    Raises:
        InputError: Its codebase, its task or its outputs are not the model's.
    """
    # Late, since it imports the models, which require_packages does not need.
    from .methods import method_of

    method, path = method_of(model), deploy_cfg.filename
    found = deploy_cfg.codebase_config.type
    task = deploy_cfg.codebase_config.task
    if found != method.codebase or task not in method.tasks:
        raise InputError(
            f'{path}: made for {task} by {found}, expected '
            f'{" or ".join(method.tasks)} by {method.codebase} for the model, a '
            f'{type(model).__name__}'
        )
    names = deploy_cfg.ir_config.output_names
    if not method.outputs.keys() >= set(names):
        raise InputError(
            f'{path}: ir_config.output_names is {names}, expected names out of '
            f'{sorted(method.outputs)}'
        )
    names = deploy_cfg.ir_config.output_names = method.output_names(model, names)
    axes = deploy_cfg.ir_config.get('dynamic_axes')
    if axes:  # every output has the images of the batch in its first axis
        for name in names:
            axes.setdefault(name, {0: 'batch'})
