# Copyright (c) mmacnn authors. All rights reserved.
"""The methods of this package, and those like them, as a codebase of MMDeploy.

A deploy config names it by ``codebase_config = dict(type='mmacnn', task=...,
module=['mmacnn.deploy.codebase'])``. Its ``ir_config.output_names`` choose the outputs,
and ``raw_input`` ('uint8' or 'float32') takes the normalization into the graph.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from mmdeploy.codebase.base import CODEBASE, MMCodebase
from mmdeploy.codebase.mmpretrain.deploy import Classification
from mmdeploy.utils import Task
from mmengine.registry import Registry
from torch import Tensor, nn

from .methods import method_of

MMACNN_TASK = Registry('mmacnn_tasks')


@CODEBASE.register_module('mmacnn')
class MMACNN(MMCodebase):
    """Codebase of this package's models."""

    task_registry = MMACNN_TASK

    @classmethod
    def register_deploy_modules(cls) -> None:
        from . import rewriters  # noqa: F401

    @classmethod
    def register_all_modules(cls) -> None:
        from mmdeploy.codebase.mmpretrain.deploy.classification import MMPretrain

        MMPretrain.register_all_modules()
        cls.register_deploy_modules()


@MMACNN_TASK.register_module(Task.CLASSIFICATION.value)
class RoIClassification(Classification):
    """Scores of the classes, and whatever else the deploy config lists."""

    @property
    def raw_input(self) -> str | None:
        """Type of the pixels that the model takes raw, if it does."""
        return self.deploy_cfg.codebase_config.get('raw_input')

    def build_pytorch_model(self, *args, **kwargs) -> nn.Module:
        """The trained model, whose forward pass is the graph of its method."""
        model = super().build_pytorch_model(*args, **kwargs)
        names = self.deploy_cfg.ir_config.output_names
        model.forward = partial(_forward, model, names, self.raw_input is not None)
        return model

    def create_input(
        self,
        imgs: str | np.ndarray | Sequence,
        input_shape: Sequence[int] | None = None,
        data_preprocessor: torch.nn.Module | None = None,
    ) -> tuple[dict, Tensor]:
        """See MMDeploy's :class:`BaseTask`; frames stay as the pipeline made them."""
        if self.raw_input is None:
            return super().create_input(imgs, input_shape, data_preprocessor)
        data, images = super().create_input(imgs, input_shape)
        frames = torch.stack(list(images)).permute(0, 2, 3, 1)
        return data, frames.to(getattr(torch, self.raw_input))

    def get_preprocess(self, *args, **kwargs) -> list[dict]:
        """Transforms for the SDK; frames are neither normalised nor transposed."""
        transforms = super().get_preprocess()
        if self.raw_input is None:
            return transforms
        kept = [
            step
            for step in transforms
            if step['type'] not in ('Normalize', 'ImageToTensor')
        ]
        if self.raw_input == 'float32':
            to_float = dict(type='Normalize', mean=[0] * 3, std=[1] * 3, to_rgb=False)
            kept.insert(-1, to_float)
        return kept

    def get_postprocess(self, *args, **kwargs) -> dict:
        """All classes with their scores, as the graph gives them."""
        return dict(type='LinearClsHead', params={})

    def get_model_name(self, *args, **kwargs) -> str:
        return 'mmacnn'


@MMACNN_TASK.register_module(Task.OBJECT_DETECTION.value)
class RoIDetection(RoIClassification):
    """The ROI as the one detection of an image, so that detectors' programs run it."""

    def get_postprocess(self, *args, **kwargs) -> dict:
        """The SDK scales the box to the frame, and clips it there."""
        return dict(type='ResizeBBox', params=dict(score_thr=0.0, min_bbox_size=0))


def _forward(
    model: nn.Module, names: list[str], is_raw: bool, inputs: Tensor, *args, **kwargs
) -> tuple[Tensor, ...]:
    """The outputs that the deploy config lists, in that order.

    Args:
        names: The outputs.
        is_raw: Whether the inputs are raw.
        inputs: (B, C, H, W), normalised; raw ones are BGR grey levels as a camera gives
            them, (B, H, W, C).
    """
    normalise = nn.Identity()
    if is_raw:
        inputs = inputs.float().permute(0, 3, 1, 2)
        normalise = partial(_normalise, model.data_preprocessor)
    traced = model.__dict__.pop('forward')  # The graph may call the model's own.
    try:
        outputs = method_of(model).graph(model, inputs, normalise)
    finally:
        model.forward = traced
    return tuple(outputs[name] for name in names)


def _normalise(data_preprocessor: nn.Module, image: Tensor) -> Tensor:
    """(B, C, H, W) grey levels, BGR -> as the model was trained with."""
    if data_preprocessor.to_rgb:
        image = image[:, [2, 1, 0]]
    if not data_preprocessor._enable_normalize:
        return image
    return (image - data_preprocessor.mean) * (1 / data_preprocessor.std)
