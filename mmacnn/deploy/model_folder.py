# Copyright (c) mmacnn authors. All rights reserved.
"""Reading a model folder: what ``detail.json`` says, and the model in the test loop."""

from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from mmacnn.datasets.contained_files import FilesBelow, check_name
from mmacnn.registry import MODELS
from mmacnn.utils import InputError, read_json

from .onnx.exporting import mmdeploy_session

RECORD = 'the record of tools/deploy.py, with the key "mmacnn"'
FORMAT = 2  # Layout of `mmacnn` in detail.json.
OPENVINO = '.xml'  # The weights lie beside it, in a .bin file.
# What MMDeploy imports when a model folder is loaded.
MODULES = {
    'mmacnn',
    'mmacnn.deploy.codebase',
    'mmacnn.deploy.detector_rewriters',
    'mmacnn.deploy.rewriters',
}


def fixed_size(takes: dict[str, Any]) -> list[int] | None:
    """(h, w) of the images that a model takes, of ``mmacnn.input``; None for any."""
    size = takes['shape'][1:3] if takes['layout'] == 'NHWC' else takes['shape'][2:4]
    return None if None in size else size


def network_file(folder: str | Path, facts: dict[str, Any]) -> Path:
    """The file that runs without a GPU: OpenVINO's where it was made, or ONNX.

    Args:
        folder: The model folder.
        facts: ``mmacnn`` of ``detail.json``.
    """
    file = Path(folder) / facts['model']
    return file.with_suffix(OPENVINO) if facts.get('backend') == 'openvino' else file


def read_description(folder: str | Path) -> dict[str, Any]:
    """What ``detail.json`` says, checked to be of a model folder of ours.

    Raises:
        FileNotFoundError: There is no such folder, or no ``detail.json`` in it.
        InputError: It was not written by ``tools/deploy.py``, or by that of another
            version.
    """
    path = Path(folder) / 'detail.json'
    if not path.is_file():
        raise FileNotFoundError(
            f'{folder}: expected a model folder of tools/deploy.py, with detail.json'
        )
    detail = read_json(str(path), RECORD)
    try:
        facts, codebase = detail['mmacnn'], detail.get('codebase_config') or {}
        layout = facts.get('format', 'unknown')
        if layout != FORMAT:
            raise InputError(
                f'{folder}: written by another version of mmacnn (layout {layout}, '
                f'expected {FORMAT}): export it again with tools/deploy.py'
            )
        is_ours = (
            _is_tensor(facts['input'])
            and all(_is_tensor(each) and each['role'] for each in facts['outputs'])
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

    An engine runs by TensorRT, and OpenVINO's files by OpenVINO on the CPU; without
    them, the ONNX file runs by ONNX Runtime on the CPU.

    Args:
        folder: The model folder.
        model: ``model`` of the config that it was trained with.

    Raises:
        FileNotFoundError, InputError: It is no model folder.
    """
    detail = read_description(folder)
    deploy_cfg = Config(
        dict(
            codebase_config=detail['codebase_config'],
            backend_config=detail['backend_config'],
            ir_config=detail['onnx_config'],
        )
    )
    file, device = network_file(folder, detail['mmacnn']), 'cpu'
    engine = file.with_suffix('.engine')
    if engine.is_file():
        file, device = engine, 'cuda:0'
    elif file.suffix == OPENVINO:
        from .openvino.wrapper import use_in_mmdeploy

        use_in_mmdeploy()
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
        if deploy_cfg.codebase_config.type == 'mmacnn':
            from .backend_model import BackendModel

            outputs = detail['mmacnn']['outputs']
            preprocessor = model_cfg.data_preprocessor
            exported = BackendModel(
                str(file), device, deploy_cfg, preprocessor, outputs
            )
            return exported.to(device).eval()
        from mmdeploy.apis.utils import build_task_processor

        divisor = detail['mmacnn']['input'].get('pad_divisor') or 1
        preprocessor = dict(model.get('data_preprocessor', {}))
        model_cfg.model.data_preprocessor = dict(preprocessor, pad_size_divisor=divisor)
        processor = build_task_processor(model_cfg, deploy_cfg, device)
        return processor.build_backend_model(
            [str(file)],
            data_preprocessor_updater=processor.update_data_preprocessor,
        )
