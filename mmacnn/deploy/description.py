# Copyright (c) mmacnn authors. All rights reserved.
"""What tools/deploy.py writes beside the model, for MMDeploy and for our programs."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import onnx
from mmengine.config import Config
from torch import nn

from mmacnn.version import __version__

from .methods import method_of
from .model_folder import FORMAT, fixed_size
from .roles import by_role

DRIFT = 'drift.json'  # how usual frames look, see mmacnn.line.drift
# How MMDeploy's SDK calls the codebases.
SDK_MODULES = dict(Classification='mmcls', ObjectDetection='mmdet')


def write_description(
    folder: Path,
    deploy_cfg: Config,
    model_cfg: Config,
    checkpoint: str,
    model: nn.Module,
    classes: list[str] | None,
) -> None:
    """Write ``deploy.json``, ``pipeline.json`` and ``detail.json``.

    The first two are for MMDeploy's SDK. ``detail.json`` is MMDeploy's record of the
    configs, with one key more, ``mmacnn``: what a program needs to know to feed the
    model and to read its outputs. To be called in :func:`mmdeploy_session`.

    Args:
        folder: The model folder, with the ONNX file in it.
        deploy_cfg: The deploy config.
        model_cfg: The config, see :func:`plain_model_config`.
        checkpoint: The checkpoint's path, for the record.
        model: The trained model.
        classes: Names of the classes, if they are known.
    """
    from mmdeploy.backend.sdk.export_info import get_deploy, get_detail, get_pipeline

    takes_any = deploy_cfg.ir_config.get('input_shape') is None
    if takes_any and method_of(model).pads(model):
        model_cfg = deepcopy(model_cfg)
        for given in (model_cfg.data_preprocessor, model_cfg.model.data_preprocessor):
            given.pad_size_divisor = 1
    # MMDeploy refuses 'tensorrt' on the 'cpu', though it runs nothing here.
    is_tensorrt = deploy_cfg.backend_config.type == 'tensorrt'
    device = 'cuda:0' if is_tensorrt else 'cpu'
    deploy = get_deploy(deploy_cfg, deepcopy(model_cfg), str(folder), device)
    pipeline = get_pipeline(deploy_cfg, deepcopy(model_cfg), str(folder), device)
    detail = get_detail(deploy_cfg, model_cfg, checkpoint)
    ours = detail['mmacnn'] = _description(folder, deploy_cfg, model_cfg, model)
    ours['classes'] = classes
    post = pipeline['pipeline']['tasks'][-1]
    post['module'] = SDK_MODULES[deploy_cfg.codebase_config.task]
    if post['module'] == 'mmcls' and 'MultiLabel' not in post['component']:
        count = by_role(ours['outputs'])['scores']['shape'][1]
        post['component'] = 'LinearClsHead'
        post['params'] = post.get('params') or dict(num_classes=count, topk=count)
    for name, content in dict(deploy=deploy, pipeline=pipeline, detail=detail).items():
        (folder / f'{name}.json').write_text(json.dumps(content, indent=4) + '\n')


def _description(
    folder: Path, deploy_cfg: Config, model_cfg: Config, model: nn.Module
) -> dict[str, Any]:
    name = deploy_cfg.ir_config.save_file
    graph = onnx.load(folder / name, load_external_data=False).graph
    (given,) = graph.input
    is_raw = deploy_cfg.codebase_config.get('raw_input') is not None
    method = method_of(model)
    facts = method.facts(model)
    outputs = []
    for value in graph.output:
        role = method.outputs[value.name]
        outputs.append(dict(_value(value), role=role, **facts.get(role, {})))
    return dict(
        format=FORMAT,
        version=__version__,
        model=name,
        backend=deploy_cfg.backend_config.type,
        precision=precision(deploy_cfg),
        input=_input(_value(given), is_raw, model_cfg),
        outputs=outputs,
    )


def _input(tensor: dict[str, Any], is_raw: bool, model_cfg: Config) -> dict[str, Any]:
    """How a program makes the input out of an image."""
    preprocessor = model_cfg.get('data_preprocessor', {})
    to_rgb = preprocessor.get('to_rgb', preprocessor.get('bgr_to_rgb', False))
    has_mask = preprocessor.get('type') == 'mmacnn.RoIMaskDataPreprocessor'
    size, keep_ratio = _resize(model_cfg)
    divisor = preprocessor.get('pad_size_divisor', 1)
    return dict(
        tensor,
        depth=model_cfg.depth,
        layout='NHWC' if is_raw else 'NCHW',
        channels=('RGB' if to_rgb and not is_raw else 'BGR') + '+mask' * has_mask,
        mean=None if is_raw else preprocessor.get('mean'),
        std=None if is_raw else preprocessor.get('std'),
        size=size or fixed_size(dict(tensor, layout='NHWC' if is_raw else 'NCHW')),
        keep_ratio=keep_ratio,
        pad_divisor=divisor if divisor > 1 else None,
        pad_value=preprocessor.get('pad_value', 0),
    )


def _value(value: onnx.ValueInfoProto) -> dict[str, Any]:
    """Name, type and shape of an input or output; None where an axis is dynamic."""
    tensor = value.type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    shape = [dim.dim_value or None for dim in tensor.shape.dim]
    return dict(name=value.name, dtype=str(dtype), shape=shape)


def input_size(model_cfg: Config) -> list[int] | None:
    """(h, w) to which the test pipeline brings images; None where it differs."""
    size, keep_ratio = _resize(model_cfg)
    return None if keep_ratio else size


def _resize(model_cfg: Config) -> tuple[list[int] | None, bool]:
    """(h, w) of the test pipeline, and whether an image keeps its ratio inside it."""
    for step in model_cfg.test_pipeline:
        if step['type'] == 'Resize' and 'scale' in step:
            return list(step['scale'][::-1]), step.get('keep_ratio', False)
        if step['type'] == 'mmacnn.RegionResize':
            size = step['size']
            return [size, size] if isinstance(size, int) else list(size), False
    return None, False


def precision(deploy_cfg: Config) -> str:
    """'fp32', 'fp16' or 'int8'."""
    common = deploy_cfg.backend_config.get('common_config')
    if common is None:
        return deploy_cfg.backend_config.precision
    if common.int8_mode:
        return 'int8'
    return 'fp16' if common.fp16_mode else 'fp32'
