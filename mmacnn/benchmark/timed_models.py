# Copyright (c) mmacnn authors. All rights reserved.
"""Models that take a batch of photographs and say how long each stage took."""

import os
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope

from mmacnn.deploy.model_folder import OPENVINO, network_file, read_description
from mmacnn.deploy.onnx.session import open_session
from mmacnn.deploy.openvino.session import OpenVINOSession
from mmacnn.deploy.roles import by_role
from mmacnn.engine.building import build_model
from mmacnn.engine.checkpoint import load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.utils import InputError

# A camera gives an array: reading files and labels is no part of a prediction.
NOT_FOR_ARRAYS = ('LoadImageFromFile', 'LoadAnyDepthImage', 'LoadAnnotations')
ONNX_TYPES = {
    'tensor(float)': np.float32,
    'tensor(float16)': np.float16,
    'tensor(uint8)': np.uint8,
}


class StageTimes(NamedTuple):
    """Seconds that one batch took; None for a stage that is not there."""

    preprocess: float
    network: float
    postprocess: float | None


class TimedModel(Protocol):
    """A loaded model: photographs -> times."""

    fixed_batch: int | None  # the one batch size that it takes; None for any
    size_bytes: int  # of the file with the weights

    def __call__(self, images: Sequence[np.ndarray]) -> StageTimes:
        """Predict on a batch of (H, W, 3) uint8 BGR photographs."""


def open_model(
    source: str, num_threads: int, input_size: tuple[int, int]
) -> TimedModel:
    """Load what the user named.

    Args:
        source: ``CONFIG,CHECKPOINT``, a folder that ``tools/deploy.py`` wrote, or an
            ONNX file.
        num_threads: Threads of ONNX Runtime and OpenVINO.
        input_size: (h, w) for an ONNX file that takes any size.

    Raises:
        FileNotFoundError, InputError: It is none of the three, or it cannot
            be loaded.
    """
    config, comma, checkpoint = source.partition(',')
    if comma:
        return TimedCheckpoint(config, checkpoint)
    if Path(source).is_dir():
        return TimedFolder(source, num_threads, input_size)
    if source.endswith('.onnx'):
        return TimedOnnx(source, num_threads, input_size)
    raise InputError(
        f'{source}: expected CONFIG,CHECKPOINT, a folder written by tools/deploy.py or '
        'a file ending in .onnx'
    )


class TimedCheckpoint:
    """A trained model in PyTorch, on the CPU.

    Preprocessing is the config's test pipeline and data preprocessor, without reading
    files. The network ends where its last layer with weights has run.

    Args:
        config: Config file with ``model`` and ``test_dataloader``.
        checkpoint: The weights.

    Raises:
        FileNotFoundError, InputError: The config or the checkpoint is
            missing, incomplete or does not fit.
    """

    fixed_batch = None

    def __init__(self, config: str, checkpoint: str) -> None:
        cfg = load_config(config)
        for key in ('model', 'test_dataloader'):
            if key not in cfg:
                raise InputError(f'{config}: expected the key {key!r}')
        init_default_scope(cfg.get('default_scope', 'mmengine'))
        self.model = build_model(cfg, 'mmengine').eval()
        load_weights(self.model, load_checkpoint(checkpoint), checkpoint)
        self.pipeline = Compose(
            [
                step
                for step in cfg.test_dataloader.dataset.pipeline
                if not step['type'].endswith(NOT_FOR_ARRAYS)
            ]
        )
        self.size_bytes = os.path.getsize(checkpoint)
        self._network_end = 0.0
        for module in self.model.modules():
            if next(module.parameters(recurse=False), None) is not None:
                module.register_forward_hook(self._note_time)

    def _note_time(self, *_) -> None:
        self._network_end = perf_counter()

    @torch.inference_mode()
    def __call__(self, images: Sequence[np.ndarray]) -> StageTimes:
        """Predict; ``images`` are (H, W, 3) uint8 BGR."""
        start = perf_counter()
        batch = [
            self.pipeline(
                dict(
                    img=image,
                    img_path=None,
                    img_id=0,
                    img_shape=image.shape[:2],
                    ori_shape=image.shape[:2],
                    gt_bboxes=np.zeros((0, 4), dtype=np.float32),
                )
            )
            for image in images
        ]
        data = self.model.data_preprocessor(pseudo_collate(batch), False)
        prepared = perf_counter()
        self.model(**data, mode='predict')
        end = perf_counter()
        return StageTimes(
            prepared - start, self._network_end - prepared, end - self._network_end
        )


class TimedOnnx:
    """An ONNX file of any maker in ONNX Runtime, on the CPU.

    Preprocessing is what most image models have: resize, RGB, [0, 1], channels first.
    What its maker does with the outputs is not known, and so not timed; ``outputs`` has
    those of the last batch.

    Args:
        path: ONNX file with one input, (N, 3, H, W).
        num_threads: Threads that one operator may use.
        input_size: (h, w) for a file that takes any size.

    Raises:
        InputError: ONNX Runtime cannot load it, or it takes no batch of images.
    """

    def __init__(
        self, path: str, num_threads: int, input_size: tuple[int, int]
    ) -> None:
        self.session = open_session(path, num_threads)
        inputs = self.session.get_inputs()
        shape = inputs[0].shape
        if len(inputs) > 1 or len(shape) != 4 or shape[1] not in (3, 'channels'):
            found = ', '.join(f'{each.name} {each.shape}' for each in inputs)
            raise InputError(f'{path}: expected one input (N, 3, H, W), found {found}')
        if inputs[0].type not in ONNX_TYPES:
            raise InputError(
                f'{path}: expected an input of one of the types '
                f'{", ".join(ONNX_TYPES)}, found {inputs[0].type}'
            )
        batch, _, *size = shape
        self.input_name = inputs[0].name
        self.dtype = ONNX_TYPES[inputs[0].type]
        self.fixed_batch = batch if isinstance(batch, int) else None
        self.input_size = tuple(
            given if isinstance(given, int) else wanted
            for given, wanted in zip(size, input_size, strict=True)
        )
        self.size_bytes = os.path.getsize(path)
        self.outputs: list[np.ndarray] = []

    def __call__(self, images: Sequence[np.ndarray]) -> StageTimes:
        """Run the network; ``images`` are (H, W, 3) uint8 BGR."""
        start = perf_counter()
        is_uint8 = self.dtype == np.uint8
        blob = cv2.dnn.blobFromImages(
            images,
            1.0 if is_uint8 else 1 / 255,
            self.input_size[::-1],
            swapRB=True,
            ddepth=cv2.CV_8U if is_uint8 else cv2.CV_32F,
        ).astype(self.dtype, copy=False)
        prepared = perf_counter()
        self.outputs = self.session.run(None, {self.input_name: blob})
        return StageTimes(prepared - start, perf_counter() - prepared, None)


class TimedFolder:
    """A model folder of ``tools/deploy.py`` in ONNX Runtime or OpenVINO, on the CPU.

    Preprocessing is what the folder's ``detail.json`` asks for, postprocessing what its
    outputs mean in pixels of the photograph, by their roles; ``results`` has a dict for
    each image of the last batch: ``label`` and ``score``, ``roi`` (xyxy), ``boxes``
    (N, 5) and ``labels``, ``heatmap`` (H, W), ``anomaly_score``, whatever there is.

    Args:
        folder: The folder.
        num_threads: Threads that one operator may use.
        input_size: (h, w) for a model that takes any size and names none.

    Raises:
        FileNotFoundError: The folder lacks ``detail.json`` or the model.
        InputError: A file of the folder is damaged.
    """

    def __init__(
        self, folder: str, num_threads: int, input_size: tuple[int, int] | None = None
    ) -> None:
        facts = read_description(folder)['mmacnn']
        path = network_file(folder, facts)
        is_openvino = path.suffix == OPENVINO
        open_network = OpenVINOSession if is_openvino else open_session
        self.session = open_network(path, num_threads)
        self.input = facts['input']
        self.size = tuple(self.input['size'] or input_size)
        self.fixed_batch = self.input['shape'][0]
        weights = path.with_suffix('.bin') if is_openvino else path
        self.size_bytes = os.path.getsize(weights)
        self.outputs = by_role(facts['outputs'])
        self._names = [output['name'] for output in self.outputs.values()]
        self.results: list[dict] = []

    def __call__(self, images: Sequence[np.ndarray]) -> StageTimes:
        """Predict; ``images`` are (H, W, 3) uint8 BGR."""
        start = perf_counter()
        resized = [self._resize(image) for image in images]
        batch = self._batch([image for image, _ in resized])
        prepared = perf_counter()
        outputs = self.session.run(self._names, {self.input['name']: batch})
        inferred = perf_counter()
        found = dict(zip(self.outputs, outputs, strict=True))
        self.results = []
        for i, (image, (_, scale)) in enumerate(zip(images, resized, strict=True)):
            of_image = {role: value[i] for role, value in found.items()}
            self.results.append(self._decode(of_image, image, scale))
        end = perf_counter()
        return StageTimes(prepared - start, inferred - prepared, end - inferred)

    def _resize(self, image: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
        """At the input's size, and by how much (width, height) were scaled."""
        height, width = self.size
        if self.input['keep_ratio']:  # as mmcv does, with a long and a short edge
            sides = image.shape[:2]
            scale = min(
                max(self.size) / max(sides),
                min(self.size) / min(sides),
            )
            height, width = (int(side * scale + 0.5) for side in sides)
        if image.shape[:2] == (height, width):
            return image, (1.0, 1.0)
        scales = width / image.shape[1], height / image.shape[0]
        return cv2.resize(image, (width, height)), scales

    def _batch(self, images: Sequence[np.ndarray]) -> np.ndarray:
        if self.input['layout'] == 'NHWC':
            batch = images[0][None] if len(images) == 1 else np.stack(images)
            return batch.astype(self.input['dtype'], copy=False)
        blob = cv2.dnn.blobFromImages(
            images,
            1.0,
            images[0].shape[1::-1],
            self.input['mean'] or (0, 0, 0),
            swapRB=self.input['channels'].startswith('RGB'),
        )
        if self.input['std'] is not None:
            blob *= (1 / np.float32(self.input['std']))[:, None, None]
        divisor = self.input['pad_divisor'] or 1
        missing = [(0, -side % divisor) for side in blob.shape[2:]]
        if any(after for _, after in missing):
            blob = np.pad(
                blob,
                [(0, 0), (0, 0), *missing],
                constant_values=self.input['pad_value'],
            )
        if self.input['channels'].endswith('+mask'):
            # The time does not depend on the region, so that it is the whole image.
            mask = np.ones_like(blob[:, :1])
            blob = np.concatenate((blob, mask), 1)
        return blob

    def _decode(
        self,
        found: dict[str, np.ndarray],
        image: np.ndarray,
        scale: tuple[float, float],
    ) -> dict[str, Any]:
        """The outputs of one image by role, in pixels of the photograph."""
        result = {}
        if 'scores' in found:
            label = int(np.ravel(found.get('label', found['scores'].argmax()))[0])
            result.update(label=label, score=float(found['scores'][label]))
        if 'anomaly_score' in found:
            result['anomaly_score'] = float(found['anomaly_score'][0])
        if 'roi' in found:
            result['roi'] = found['roi'] / np.tile(scale, 2)
        if 'boxes' in found:
            boxes = found['boxes'] / np.float32((*scale, *scale, 1))
            result.update(boxes=boxes, labels=found['labels'])
        if 'map' in found:
            values = found['map']
            if values.ndim == 3:
                values = values[0 if len(values) == 1 else result['label']]
            result['heatmap'] = self._over_photograph(values, image, scale)
        return result

    def _over_photograph(
        self, values: np.ndarray, image: np.ndarray, scale: tuple[float, float]
    ) -> np.ndarray:
        """A map of cells on the input -> (H, W) of the photograph."""
        height, width = image.shape[:2]
        stride, offset = (self.outputs['map'][key] for key in ('stride', 'offset'))
        if stride is None:
            return cv2.resize(values, (width, height))
        # Cell i lies at (offset + i * stride) of the input, edge to edge.
        rows, columns = (
            (((np.arange(side) + 0.5) * factor - offset) / stride).astype(np.float32)
            for side, factor in ((height, scale[1]), (width, scale[0]))
        )
        grid = np.meshgrid(columns, rows)
        return cv2.remap(
            values, *grid, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
