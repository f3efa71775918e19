# Copyright (c) mmacnn authors. All rights reserved.
"""ONNX file -> TensorRT engine: here where there is a GPU, or by a script elsewhere.

An engine fits one TensorRT version and one kind of GPU, so it is built on the machine
that will run it.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnx
import torch
from mmengine.config import Config
from mmengine.utils import digit_version

from mmacnn.utils import InputError

SCRIPT = 'build_engine.sh'
Shapes = dict[str, tuple[list[int], list[int], list[int]]]


def can_build() -> bool:
    """Whether TensorRT and a GPU are here."""
    return find_spec('tensorrt') is not None and torch.cuda.is_available()


def input_shapes(path: Path, deploy_cfg: Config) -> Shapes:
    """Least, usual and largest shape of each input that has a dynamic axis.

    Raises:
        InputError: An input is dynamic, and the deploy config has no shapes for it.
    """
    inputs = deploy_cfg.backend_config.get('model_inputs') or [{}]
    given = inputs[0].get('input_shapes', {})
    shapes = {}
    for value in onnx.load(path).graph.input:
        if all(dim.dim_value for dim in value.type.tensor_type.shape.dim):
            continue
        if value.name not in given:
            raise InputError(
                f'{deploy_cfg.filename}: the input {value.name!r} is dynamic, expected '
                'its shapes in backend_config.model_inputs'
            )
        each = given[value.name]
        shapes[value.name] = (each.min_shape, each.opt_shape, each.max_shape)
    return shapes


def write_script(path: Path, deploy_cfg: Config) -> None:
    """Write the ``trtexec`` command that builds the engine beside the ONNX file."""
    backend = deploy_cfg.backend_config
    engine = Path(path.name).with_suffix('.engine')
    arguments = ['trtexec', f'--onnx={path.name}', f'--saveEngine={engine}']
    arguments += ['--fp16'] * backend.common_config.fp16_mode
    arguments += ['--int8'] * backend.common_config.int8_mode
    mebibytes = backend.common_config.max_workspace_size >> 20
    if digit_version(backend.version) < digit_version('8.4'):
        arguments.append(f'--workspace={mebibytes}')
    else:
        arguments.append(f'--memPoolSize=workspace:{mebibytes}')
    shapes = input_shapes(path, deploy_cfg)
    for i, option in enumerate(('minShapes', 'optShapes', 'maxShapes')):
        if shapes:
            sizes = [f'{name}:{_times(each[i])}' for name, each in shapes.items()]
            arguments.append(f'--{option}={",".join(sizes)}')
    command = ' \\\n    '.join([*arguments, '"$@"'])
    script = path.parent / SCRIPT
    script.write_text(
        '#!/bin/sh\n'
        f'# Builds {engine} on the machine that will run it, for TensorRT '
        f'{backend.version}.\n'
        'cd "$(dirname "$0")" || exit 1\n'
        'PATH="$PATH:/usr/src/tensorrt/bin"\n'
        f'exec {command}\n'
    )
    script.chmod(0o755)


def _times(shape: list[int]) -> str:
    return 'x'.join(map(str, shape))


def build_engine(path: Path, deploy_cfg: Config) -> Path:
    """Build the engine here.

    Quantized models bring their scales as Q/DQ nodes, so no calibration runs here.

    Args:
        path: The ONNX file.
        deploy_cfg: The deploy config.

    Returns:
        The engine's file, beside the ONNX file.

    Raises:
        InputError: TensorRT cannot read the model, or cannot build it.
    """
    import tensorrt as trt

    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    # Version 10 knows explicit batches alone, and may drop the flag.
    flag = getattr(trt.NetworkDefinitionCreationFlag, 'EXPLICIT_BATCH', None)
    network = builder.create_network(0 if flag is None else 1 << int(flag))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse(path.read_bytes()):
        raise InputError(f'{path}: TensorRT cannot read it: {parser.get_error(0)}')
    config = _builder_config(builder, deploy_cfg.backend_config.common_config)
    shapes = input_shapes(path, deploy_cfg)
    if shapes:
        profile = builder.create_optimization_profile()
        for name, each in shapes.items():
            profile.set_shape(name, *each)
        config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise InputError(f'{path}: TensorRT {trt.__version__} cannot build an engine')
    engine = path.with_suffix('.engine')
    engine.write_bytes(plan)
    return engine


def _builder_config(builder: Any, common: dict) -> Any:
    """Workspace and precisions, as TensorRT's ``IBuilderConfig``."""
    import tensorrt as trt

    config = builder.create_builder_config()
    if hasattr(config, 'set_memory_pool_limit'):  # since 8.4
        workspace = trt.MemoryPoolType.WORKSPACE
        config.set_memory_pool_limit(workspace, common.max_workspace_size)
    else:
        config.max_workspace_size = common.max_workspace_size
    if common.fp16_mode:
        config.set_flag(trt.BuilderFlag.FP16)
    if common.int8_mode:
        config.set_flag(trt.BuilderFlag.INT8)
    return config
