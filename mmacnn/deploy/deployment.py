# Copyright (c) mmacnn authors. All rights reserved.
"""From a checkpoint to a model folder that was shown to give the same answers."""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS
from torch import nn

from mmacnn.datasets.image_files import (
    IMAGE_SUFFIXES,
    list_files,
    read_image,
    read_image_size,
)
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.engine.building import config_errors
from mmacnn.engine.checkpoint import class_names, load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.engine.rules import check_rules, rules_of
from mmacnn.line.rules import FILE as RULES
from mmacnn.utils import InputError, atomic_folder, track

from .deploy_config import (
    build_model,
    fit_to_model,
    load_deploy_config,
    plain_model_config,
)
from .description import DRIFT, precision, write_description
from .methods import method_of
from .model_folder import deployed_model
from .onnx.exporting import export_onnx, mmdeploy_session
from .onnx.folding import fold_normalization
from .onnx.quantization import quantize
from .tensorrt.engine import SCRIPT, build_engine, can_build, write_script
from .tensorrt.operators import unsupported_operators
from .verification import Differences, compare

CALIBRATION_IMAGES = 64


def deploy(
    deploy_cfg: str,
    model_cfg: str,
    checkpoint: str,
    image: str,
    work_dir: str,
    verify: int = 0,
    verify_images: str | None = None,
    calibration_images: str | None = None,
    cfg_options: dict | None = None,
    rules: dict | None = None,
) -> list[str]:
    """Export a model, and compare it with its checkpoint.

    Args:
        deploy_cfg: Deploy config file, such as those in ``configs/deploy``.
        model_cfg: Config file of the model.
        checkpoint: The weights.
        image: Image file to trace the model with.
        work_dir: New or empty folder; written atomically.
        verify: Number of images on which to compare the exported model with the
            checkpoint; 0 for none.
        verify_images: Folder of these images. The config's test set by default.
        calibration_images: Folder of images that give int8 its scales. The config's
            training set by default.
        cfg_options: Settings of the model's config to override, with dotted keys.
        rules: Verdict rules for the folder; those of the model's config by default.

    Returns:
        Lines for the user: what was written and compared, and what is to do.

    Raises:
        FileNotFoundError, FileExistsError: An input is missing, or ``work_dir`` is not
            empty.
        InputError: A package is not installed.
            The inputs don't fit together, the target lacks an
            operator, or the exported model differs from the checkpoint by more than
            the deploy config's ``tolerance``.
    """
    target = load_deploy_config(deploy_cfg)
    given = load_config(model_cfg, cfg_options=cfg_options)
    rules = rules_of(given) if rules is None else rules
    cfg = plain_model_config(given)
    if not Path(image).is_file():
        raise FileNotFoundError(f'{image}: no such image')
    loader = LoadAnyDepthImage(cfg.depth)
    frame = read_image(image, loader.read)
    weights = load_checkpoint(checkpoint)
    with mmdeploy_session(cfg):
        model = build_model(cfg)
        fit_to_model(target, model)
        load_weights(model, weights, checkpoint)
        method_of(model).check(model)
        with atomic_folder(work_dir) as folder:
            path = export_onnx(frame, folder, target, cfg, checkpoint)
            batches = None
            if precision(target) == 'int8':
                files = _image_files(
                    calibration_images, CALIBRATION_IMAGES, cfg, 'train_dataloader'
                )
                batches = _batches(files, target, cfg, model.data_preprocessor)
            else:
                # 8 bits hold centred pixels better than grey levels from 0 to 255.
                fold_normalization(path)
            lines = _finish(path, target, batches)
            names = class_names(weights, cfg)
            write_description(
                folder, target, cfg, checkpoint, model, names and list(names)
            )
            drift = (weights.get('meta') or {}).get('drift')
            if drift:
                (folder / DRIFT).write_text(json.dumps(drift))
            if rules:
                rules = check_rules(rules, 'rules', names or ())
                (folder / RULES).write_text(json.dumps(rules, indent=4) + '\n')
            if verify:
                files = _image_files(verify_images, verify, cfg, 'test_dataloader')
                lines.append(str(_verify(model, folder, target, cfg, files)))
    size = (Path(work_dir) / path.name).stat().st_size
    return [f'{work_dir}: {path.name}, {size / 1e6:.2f} MB', *lines]


def _finish(
    path: Path, deploy_cfg: Config, batches: Iterator[np.ndarray] | None
) -> list[str]:
    """Make of the ONNX file what the target runs; lines for the user.

    Args:
        path: The ONNX file.
        deploy_cfg: The deploy config.
        batches: What int8 is calibrated with; None for another precision.
    """
    backend = deploy_cfg.backend_config.type
    if backend == 'openvino':
        from .openvino.conversion import convert

        written = convert(path, precision(deploy_cfg), batches)
        size = written.with_suffix('.bin').stat().st_size
        return [f'{written.name} with weights of {size / 1e6:.2f} MB, for OpenVINO']
    if batches is not None:
        quantize(path, batches, for_tensorrt=backend == 'tensorrt')
    return _finish_for_tensorrt(path, deploy_cfg) if backend == 'tensorrt' else []


def _finish_for_tensorrt(path: Path, deploy_cfg: Config) -> list[str]:
    """Check the operators, write the build script, build where it can be built."""
    version = deploy_cfg.backend_config.version
    problems = unsupported_operators(path, version)
    if problems:
        raise InputError(
            f'TensorRT {version} cannot take the model: {"; ".join(problems)}'
        )
    write_script(path, deploy_cfg)
    lines = [f'TensorRT {version} has every operator and type of the model']
    if can_build():
        engine = build_engine(path, deploy_cfg)
        return [*lines, f'{engine.name} built, for this kind of GPU alone']
    return [
        *lines,
        f'no engine was built, since TensorRT or a GPU is missing here: run {SCRIPT} '
        'in the model folder on the machine that will use it',
    ]


def _image_files(
    folder: str | None, count: int, cfg: Config, dataloader: str
) -> list[str]:
    """At most ``count`` images of a folder, or of a data set, evenly spread."""
    if folder is not None:
        names = list_files(folder, IMAGE_SUFFIXES)
        if not names:
            raise InputError(f'{folder}: expected images, found none')
        paths = [str(Path(folder, name)) for name in names]
    elif dataloader not in cfg:
        raise InputError(
            f'{cfg.filename}: expected the key {dataloader!r}, or a folder'
        )
    else:
        with config_errors(cfg.filename or 'config', dataloader):
            dataset = DATASETS.build(cfg[dataloader].dataset)
        paths = [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
    chosen = np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)
    files = [paths[i] for i in chosen]
    for file in files:
        read_image_size(file)
    return files


def _batches(
    files: Sequence[str], deploy_cfg: Config, cfg: Config, data_preprocessor: nn.Module
) -> Iterator[np.ndarray]:
    """The images as the exported model takes them."""
    from mmdeploy.apis.utils import build_task_processor

    target = deepcopy(deploy_cfg)
    target.backend_config = dict(type='onnxruntime')
    # MMDeploy changes the pipeline for arrays in place.
    processor = build_task_processor(deepcopy(cfg), target, 'cpu')
    loader = LoadAnyDepthImage(cfg.depth)
    for file in track(files, 'Calibrating'):
        _, batch = processor.create_input(
            loader.read(file), target.ir_config.get('input_shape'), data_preprocessor
        )
        yield batch.numpy()


def _verify(
    model: nn.Module,
    folder: Path,
    deploy_cfg: Config,
    cfg: Config,
    files: Sequence[str],
) -> Differences:
    differences = compare(model, deployed_model(folder, cfg.model), cfg, files)
    beyond = differences.beyond(deploy_cfg.tolerance)
    if beyond:
        raise InputError(
            f'the exported model differs from the checkpoint on {len(files)} images: '
            f'{"; ".join(beyond)}'
        )
    return differences
