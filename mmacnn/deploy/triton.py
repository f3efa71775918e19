# Copyright (c) mmacnn authors. All rights reserved.
"""A model repository of NVIDIA's Triton Inference Server from a model folder.

The form of ``config.pbtxt`` is that of Triton's *Model Configuration* documentation.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from mmacnn.utils import InputError, atomic_folder
from mmacnn.utils.text import printable

from .model_folder import read_description

PLATFORMS = {'.onnx': 'onnxruntime_onnx', '.engine': 'tensorrt_plan'}
FILES = {'.onnx': 'model.onnx', '.engine': 'model.plan'}
TYPES = dict(
    bool='BOOL', uint8='UINT8', int32='INT32', int64='INT64',
    float16='FP16', float32='FP32',
)  # fmt: skip
LABELS = 'labels.txt'


def write_triton_repository(
    folder: str, repository: str, name: str, max_batch_size: int = 8
) -> list[str]:
    """Write ``REPOSITORY/NAME`` with the model, ``config.pbtxt`` and the labels.

    Args:
        folder: Model folder of ``tools/deploy.py``. Its engine is taken if there is
            one, else its ONNX file.
        repository: Triton's model repository; other models in it stay.
        name: The model's name on the server; must be new in the repository.
        max_batch_size: Most images that the server may put together; a model of a fixed
            batch takes that.

    Returns:
        Names of the files, below ``repository``.

    Raises:
        FileExistsError: The repository has a model of this name.
        FileNotFoundError, InputError: It is no model folder, or the name is no name.
    """
    if (
        not name.strip()
        or set(name) & set('/\\')
        or name[0] == '.'
        or (printable(name) != name)
    ):
        raise InputError(f'name: found {name!r}, expected a name for a folder')
    described = read_description(folder)['mmacnn']
    model = Path(folder) / described['model']
    if model.with_suffix('.engine').is_file():
        model = model.with_suffix('.engine')
    if not model.is_file():
        raise FileNotFoundError(f'{model}: no such file, though detail.json names it')
    place = Path(repository) / name
    with atomic_folder(place) as unfinished:
        (unfinished / '1').mkdir()
        shutil.copyfile(model, unfinished / '1' / FILES[model.suffix])
        text = config_text(described, name, PLATFORMS[model.suffix], max_batch_size)
        (unfinished / 'config.pbtxt').write_text(text)
        if described['classes']:
            lines = [' '.join(str(label).split()) for label in described['classes']]
            (unfinished / LABELS).write_text('\n'.join(lines) + '\n', encoding='utf-8')
    files = (path for path in place.rglob('*') if path.is_file())
    return sorted(path.relative_to(repository).as_posix() for path in files)


def config_text(
    described: dict[str, Any], name: str, platform: str, max_batch_size: int
) -> str:
    """``config.pbtxt`` of a model.

    Args:
        described: ``mmacnn`` of the model folder's ``detail.json``.
        name: The model's name on the server.
        platform: Which of Triton's back ends runs it.
        max_batch_size: Most images together, where the model takes any number.
    """
    inputs, outputs = [described['input']], described['outputs']
    # Triton counts the batch itself, if the model leaves it open.
    has_batches = all(value['shape'][0] is None for value in inputs + outputs)
    size = max_batch_size if has_batches else 0
    lines = [
        f'name: {json.dumps(name)}',
        f'platform: {json.dumps(platform)}',
        f'max_batch_size: {size}',
    ]
    for kind, values in (('input', inputs), ('output', outputs)):
        for value in values:
            lines += _tensor(kind, value, has_batches, bool(described['classes']))
    if has_batches:
        lines.append('dynamic_batching { }')
    return '\n'.join(lines) + '\n'


def _tensor(
    kind: str, value: dict[str, Any], has_batches: bool, has_labels: bool
) -> list[str]:
    shape = value['shape'][1:] if has_batches else value['shape']
    dims = ', '.join('-1' if side is None else str(side) for side in shape)
    lines = [
        f'{kind} {{',
        f'  name: {json.dumps(value["name"])}',
        f'  data_type: TYPE_{TYPES[value["dtype"]]}',
        f'  dims: [ {dims} ]',
    ]
    if kind == 'output' and has_labels and value['role'] == 'scores':
        lines.append(f'  label_filename: {json.dumps(LABELS)}')
    return [*lines, '}']
