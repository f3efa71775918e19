# Copyright (c) mmacnn authors. All rights reserved.
"""Models that take a batch of photographs and say how long each stage took."""

import os
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import MODELS, init_default_scope

from mmacnn.deploy.model_folder import read_description
from mmacnn.deploy.onnx.session import open_session
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
        num_threads: Threads of ONNX Runtime.
        input_size: (h, w) for an ONNX file that takes any size.

    Raises:
        FileNotFoundError, InputError: It is none of the three, or it cannot
            be loaded.
    """
    config, comma, checkpoint = source.partition(',')
    if comma:
        return TimedCheckpoint(config, checkpoint)
    if Path(source).is_dir():
        return TimedFolder(source, num_threads)
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
        self.model = MODELS.build(cfg.model).eval()
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
    """A model folder of ``tools/deploy.py`` in ONNX Runtime, on the CPU.

    Preprocessing is what the folder's ``detail.json`` asks for, postprocessing the
    class and the ROI in pixels of the photograph; ``results`` has label, score and ROI
    (xyxy, or None) of each image of the last batch.

    Args:
        folder: The folder.
        num_threads: Threads that one operator may use.

    Raises:
        FileNotFoundError: The folder lacks ``detail.json`` or the model.
        InputError: A file of the folder is damaged.
    """

    def __init__(self, folder: str, num_threads: int) -> None:
        facts = read_description(folder)['mmacnn']
        path = Path(folder, facts['model'])
        self.session = open_session(path, num_threads)
        self.contract, self.input = facts['contract'], facts['input']
        self.fixed_batch = self.input['shape'][0]
        self.size_bytes = os.path.getsize(path)
        self._outputs = [output.name for output in self.session.get_outputs()]
        self.results: list[tuple] = []

    def __call__(self, images: Sequence[np.ndarray]) -> StageTimes:
        """Predict; ``images`` are (H, W, 3) uint8 BGR."""
        start = perf_counter()
        batch = self._prepare(images)
        prepared = perf_counter()
        outputs = self.session.run(self._outputs, {self.input['name']: batch})
        inferred = perf_counter()
        if self.contract is None and self._outputs != ['output']:
            # A detector of mmdet: its outputs are left as they are.
            return StageTimes(prepared - start, inferred - prepared, None)
        named = dict(zip(self._outputs, outputs, strict=True))
        self.results = self._decode(named, images)
        end = perf_counter()
        return StageTimes(prepared - start, inferred - prepared, end - inferred)

    def _prepare(self, images: Sequence[np.ndarray]) -> np.ndarray:
        height, width = self.input['size']
        if self.input['layout'] == 'NHWC':
            frames = [
                image
                if image.shape[:2] == (height, width)
                else cv2.resize(image, (width, height))
                for image in images
            ]
            batch = frames[0][None] if len(frames) == 1 else np.stack(frames)
            return batch.astype(self.input['dtype'], copy=False)
        blob = cv2.dnn.blobFromImages(
            images,
            1.0,
            (width, height),
            self.input['mean'] or (0, 0, 0),
            swapRB=self.input['channels'] == 'RGB',
        )
        if self.input['std'] is not None:
            blob *= (1 / np.float32(self.input['std']))[:, None, None]
        return blob

    def _decode(
        self, outputs: dict[str, np.ndarray], images: Sequence[np.ndarray]
    ) -> list[tuple]:
        """Class, score and ROI of each image."""
        height, width = self.input['size']
        results = []
        for i, image in enumerate(images):
            scale = np.array((image.shape[1] / width, image.shape[0] / height) * 2)
            if self.contract == 'detection':
                box = outputs['dets'][i, 0]
                label, score = outputs['labels'][i, 0], box[4]
                results.append((label, score, box[:4] * scale))
                continue
            names = dict(full='scores', cam='score')
            scores = outputs[names.get(self.contract, 'output')][i]
            label = scores.argmax()
            roi = outputs['roi'][i] * scale if self.contract == 'full' else None
            results.append((label, scores[label], roi))
        return results
