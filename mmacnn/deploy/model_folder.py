# Copyright (c) mmacnn authors. All rights reserved.
"""The model folder: MMDeploy's three files, and what our own programs read in them."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import onnx
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from mmacnn.datasets.contained_files import FilesBelow, check_name
from mmacnn.registry import MODELS
from mmacnn.utils import InputError, read_json
from mmacnn.version import __version__

from .deploy_config import build_model
from .onnx.exporting import mmdeploy_session

# How MMDeploy's SDK calls the codebases.
RECORD = 'the record of tools/deploy.py, with the key "mmacnn"'
# What MMDeploy imports when a model folder is loaded.
MODULES = {
    'mmacnn',
    'mmacnn.deploy.codebase',
    'mmacnn.deploy.detector_rewriters',
    'mmacnn.deploy.rewriters',
}
SDK_MODULES = dict(Classification='mmcls', ObjectDetection='mmdet')
CONTRACTS = dict(
    output='classification', dets='detection', score='cam', anomaly_score='anomaly'
)


def write_description(
    folder: Path,
    deploy_cfg: Config,
    model_cfg: Config,
    checkpoint: str,
    classes: list[str] | None,
) -> None:
    """Write ``deploy.json``, ``pipeline.json`` and ``detail.json``.

    The first two are for MMDeploy's SDK. ``detail.json`` is MMDeploy's record of the
    configs, with one key more, ``mmacnn``: what a program needs to know to feed the
    model and to read its outputs.

    Args:
        folder: The model folder, with the ONNX file in it.
        deploy_cfg: The deploy config.
        model_cfg: The config, see :func:`plain_model_config`.
        checkpoint: The checkpoint's path, for the record.
        classes: Names of the classes, if they are known.
    """
    from mmdeploy.backend.sdk.export_info import get_deploy, get_detail, get_pipeline

    # MMDeploy refuses 'tensorrt' on the 'cpu', though it runs nothing here.
    is_tensorrt = deploy_cfg.backend_config.type == 'tensorrt'
    device = 'cuda:0' if is_tensorrt else 'cpu'
    with mmdeploy_session(model_cfg):
        deploy = get_deploy(deploy_cfg, deepcopy(model_cfg), str(folder), device)
        pipeline = get_pipeline(deploy_cfg, deepcopy(model_cfg), str(folder), device)
        detail = get_detail(deploy_cfg, model_cfg, checkpoint)
    post = pipeline['pipeline']['tasks'][-1]
    post['module'] = SDK_MODULES[deploy_cfg.codebase_config.task]
    if post['module'] == 'mmcls' and 'MultiLabel' not in post['component']:
        post['component'] = 'LinearClsHead'
    detail['mmacnn'] = _description(folder, deploy_cfg, model_cfg, classes)
    for name, content in dict(deploy=deploy, pipeline=pipeline, detail=detail).items():
        (folder / f'{name}.json').write_text(json.dumps(content, indent=4) + '\n')


def _description(
    folder: Path, deploy_cfg: Config, model_cfg: Config, classes: list[str] | None
) -> dict[str, Any]:
    name = deploy_cfg.ir_config.save_file
    graph = onnx.load(folder / name, load_external_data=False).graph
    (given,) = graph.input
    taken = _value(given)
    is_raw_input = deploy_cfg.codebase_config.get('raw_input') is not None
    preprocessor = model_cfg.get('data_preprocessor', {})
    to_rgb = preprocessor.get('to_rgb', preprocessor.get('bgr_to_rgb', False))
    taken.update(
        layout='NHWC' if is_raw_input else 'NCHW',
        channels='BGR' if is_raw_input or not to_rgb else 'RGB',
        mean=None if is_raw_input else preprocessor.get('mean'),
        std=None if is_raw_input else preprocessor.get('std'),
    )
    if preprocessor.get('type') == 'mmacnn.RoIMaskDataPreprocessor':
        # The region's mask, 0 and 1, stays as it is.
        taken.update(
            channels=f'{taken["channels"]}+mask',
            mean=[*(taken['mean'] or (0, 0, 0)), 0],
            std=[*(taken['std'] or (1, 1, 1)), 1],
        )
    taken['size'] = input_size(model_cfg) or fixed_size(taken)
    description = dict(
        version=__version__,
        contract=None,
        model=name,
        backend=deploy_cfg.backend_config.type,
        precision=precision(deploy_cfg),
        input=taken,
        outputs=[_value(value) for value in graph.output],
        classes=classes,
    )
    if deploy_cfg.codebase_config.type == 'mmacnn':
        first = description['outputs'][0]['name']
        description['contract'] = CONTRACTS.get(first, 'full')
        description.update(_place(model_cfg))
    return description


def _place(model_cfg: Config) -> dict[str, Any]:
    """What it takes to read where the model looked out of its outputs."""
    if 'stn' in model_cfg.model:
        return dict(roi_size=list(model_cfg.model.stn.roi_size))
    if 'flow' in model_cfg.model:
        return {}  # The gradient that makes the map is not exported.
    head = build_model(model_cfg).head
    return dict(
        cam=dict(
            stride=head.stride,
            offset=head.offset,
            threshold=head.map_threshold,
        )
    )


def _value(value: onnx.ValueInfoProto) -> dict[str, Any]:
    """Name, type and shape of an input or output; None where an axis is dynamic."""
    tensor = value.type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    shape = [dim.dim_value or None for dim in tensor.shape.dim]
    return dict(name=value.name, dtype=str(dtype), shape=shape)


def input_size(model_cfg: Config) -> list[int] | None:
    """(h, w) to which the test pipeline brings images; None where it differs."""
    for step in model_cfg.test_pipeline:
        if step['type'] == 'Resize' and not step.get('keep_ratio', False):
            return list(step['scale'][::-1])
        if step['type'] == 'mmacnn.RegionResize':
            size = step['size']
            return [size, size] if isinstance(size, int) else list(size)
    return None


def fixed_size(takes: dict[str, Any]) -> list[int] | None:
    """(h, w) of the images that a model takes, of ``mmacnn.input``; None for any."""
    size = takes['shape'][1:3] if takes['layout'] == 'NHWC' else takes['shape'][2:4]
    return None if None in size else size


def precision(deploy_cfg: Config) -> str:
    """'fp32', 'fp16' or 'int8'."""
    common = deploy_cfg.backend_config.get('common_config')
    if common is None:
        return deploy_cfg.backend_config.precision
    if common.int8_mode:
        return 'int8'
    return 'fp16' if common.fp16_mode else 'fp32'


def read_description(folder: str | Path) -> dict[str, Any]:
    """What ``detail.json`` says, checked to be of a model folder of ours.

    Raises:
        FileNotFoundError: There is no such folder, or no ``detail.json`` in it.
        InputError: It was not written by ``tools/deploy.py``.
    """
    path = Path(folder) / 'detail.json'
    if not path.is_file():
        raise FileNotFoundError(
            f'{folder}: expected a model folder of tools/deploy.py, with detail.json'
        )
    detail = read_json(str(path), RECORD)
    try:
        facts, codebase = detail['mmacnn'], detail.get('codebase_config') or {}
        is_ours = (
            _is_tensor(facts['input'])
            and all(map(_is_tensor, facts.get('outputs') or []))
            and all(isinstance(name, str) for name in facts.get('classes') or [])
            # MMDeploy imports whatever stands here.
            and set(codebase.get('module') or []) <= MODULES
        )
        name = check_name(facts['model'], f'{path}: model', 'model')
    except (KeyError, TypeError, AttributeError):
        is_ours = False
    if not is_ours:
        raise InputError(f'{path}: expected {RECORD}')
    if Path(folder, name).is_file():
        FilesBelow(str(folder)).find(name, f'{path}: model', 'model')
    return detail


def _is_tensor(value: Any) -> bool:
    """Whether it is what :func:`_value` writes."""
    return isinstance(value['name'], str) and all(
        side is None or isinstance(side, int) and side > 0 for side in value['shape']
    )


@MODELS.register_module('DeployedModel')
def deployed_model(folder: str | Path, model: dict) -> nn.Module:
    """An exported model in the place of the trained one: ``test_step`` predicts.

    An engine runs by TensorRT; without one, the ONNX file runs by ONNX Runtime on the
    CPU.

    Args:
        folder: The model folder.
        model: ``model`` of the config that it was trained with.

    Raises:
        FileNotFoundError, InputError: It is no model folder.
    """
    from mmdeploy.apis.utils import build_task_processor

    detail = read_description(folder)
    deploy_cfg = Config(
        dict(
            codebase_config=detail['codebase_config'],
            backend_config=detail['backend_config'],
            ir_config=detail['onnx_config'],
        )
    )
    file, device = Path(folder) / detail['mmacnn']['model'], 'cpu'
    engine = file.with_suffix('.engine')
    if engine.is_file():
        file, device = engine, 'cuda:0'
    else:
        deploy_cfg.backend_config = dict(type='onnxruntime')
    if not file.is_file():
        raise FileNotFoundError(f'{file}: no such file, though detail.json names it')
    model_cfg = Config(
        dict(
            model=model,
            data_preprocessor=model.get('data_preprocessor', {}),
            default_scope=DefaultScope.get_current_instance().scope_name,
        )
    )
    with mmdeploy_session(model_cfg):
        processor = build_task_processor(model_cfg, deploy_cfg, device)
        return processor.build_backend_model(
            [str(file)],
            data_preprocessor_updater=processor.update_data_preprocessor,
        )
