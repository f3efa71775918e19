# Copyright (c) mmacnn authors. All rights reserved.
"""PyTorch model -> ONNX file of standard operators, through MMDeploy."""

import functools
import inspect
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmacnn.utils import InputError

STANDARD_DOMAINS = ('', 'ai.onnx')


@contextmanager
def mmdeploy_session(model_cfg: Config) -> Iterator[None]:
    """Let MMDeploy work for a model: in its scope, and with its warnings alone.

    MMDeploy logs each step, and that its library of custom operators is missing,
    which nothing here needs.
    """
    from mmdeploy.utils import get_root_logger

    logger = get_root_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    scope = model_cfg.get('default_scope', 'mmengine')
    try:
        with DefaultScope.overwrite_default_scope(scope):
            yield
    finally:
        logger.setLevel(level)


@contextmanager
def classical_exporter() -> Iterator[None]:
    """Make ``torch.onnx.export`` trace, as MMDeploy needs it to.

    Since torch 2.9 it goes through ``torch.export`` unless told not to, and MMDeploy,
    whose rewriting works on traces, does not tell it.
    """
    export = torch.onnx.export
    if 'dynamo' in inspect.signature(export).parameters:
        torch.onnx.export = functools.partial(export, dynamo=False)
    try:
        with warnings.catch_warnings():
            # Of sizes that become constants: those that do not change.
            warnings.simplefilter('ignore', torch.jit.TracerWarning)
            warnings.filterwarnings('ignore', category=DeprecationWarning)
            warnings.filterwarnings('ignore', module=r'torch\.onnx')
            yield
    finally:
        torch.onnx.export = export


@contextmanager
def _static_method_kept() -> Iterator[None]:
    """Fix the one static method that MMDeploy rewrites and puts back as a plain one.

    Without it no Swin Transformer of mmpretrain runs after an export.
    """
    from mmpretrain.models.utils import ShiftWindowMSA

    method = inspect.getattr_static(ShiftWindowMSA, 'get_attn_mask')
    try:
        yield
    finally:
        ShiftWindowMSA.get_attn_mask = method


def export_onnx(
    image: np.ndarray,
    folder: Path,
    deploy_cfg: Config,
    model_cfg: Config,
    checkpoint: str,
) -> Path:
    """Write the model as ``ir_config.save_file``, in :func:`mmdeploy_session`.

    TensorRT gets what ONNX Runtime gets: MMDeploy's own rewriting for TensorRT brings
    in custom operators, and a plug-in library to build on the target.

    Args:
        image: (H, W, 3) uint8 BGR, to trace the model with.
        folder: Where to write.
        deploy_cfg: The deploy config.
        model_cfg: The config, see :func:`plain_model_config`.
        checkpoint: The weights, already checked to fit.

    Returns:
        The file.

    Raises:
        InputError: The model needs an operator that is not a standard one, or the
            image reaches it in another size than the deploy config's.
    """
    from mmdeploy.apis import torch2onnx

    deploy_cfg = deepcopy(deploy_cfg)
    deploy_cfg.backend_config = dict(type='onnxruntime')
    name = deploy_cfg.ir_config.save_file
    with classical_exporter(), _static_method_kept():
        torch2onnx(
            image,
            str(folder),
            name,
            deploy_cfg,
            deepcopy(model_cfg),  # MMDeploy changes the pipeline for arrays in place.
            checkpoint,
            device='cpu',
        )
    path = folder / name
    model = onnx.load(path)
    onnx.checker.check_model(model)
    custom = {
        f'{node.domain}.{node.op_type}'
        for node in model.graph.node
        if node.domain not in STANDARD_DOMAINS
    }
    if custom:
        raise InputError(
            f'{checkpoint}: the model needs operators that ONNX lacks: '
            f'{", ".join(sorted(custom))}'
        )
    _check_size(model, deploy_cfg)
    return path


def _check_size(model: onnx.ModelProto, deploy_cfg: Config) -> None:
    """Compare the input of the graph with the size that the deploy config names."""
    wanted = deploy_cfg.ir_config.get('input_shape')
    if wanted is None:
        return
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    frames = deploy_cfg.codebase_config.get('raw_input')
    found = shape[1:3] if frames else shape[2:4]
    if found != [wanted[1], wanted[0]]:
        raise InputError(
            f'{deploy_cfg.filename}: ir_config.input_shape (width, height) is '
            f'{tuple(wanted)}, but the test pipeline brings images to '
            f'{(found[1], found[0])}'
        )
