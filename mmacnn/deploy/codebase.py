# Copyright (c) mmacnn authors. All rights reserved.
"""A-CNN, CAM classifier and DifferNet as a codebase of MMDeploy.

A deploy config names it by ``codebase_config = dict(type='mmacnn', task=...,
module=['mmacnn.deploy.codebase'])``. Its ``ir_config.output_names`` choose the outputs,
and ``frames`` ('uint8' or 'float32') takes the normalization into the graph.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np
import torch
from mmdeploy.codebase.base import CODEBASE, MMCodebase
from mmdeploy.codebase.mmpretrain.deploy import Classification
from mmdeploy.utils import Task, get_backend
from mmengine.registry import Registry
from torch import Tensor

from .backend_model import BackendACNN, BackendCAM, BackendDifferNet
from .deploy_config import build_model

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

    @property
    def method(self) -> str:
        """'acnn', 'differnet' or 'cam'."""
        model = self.model_cfg.model
        if 'flow' in model:
            return 'differnet'
        return 'acnn' if 'stn' in model else 'cam'

    @property
    def num_classes(self) -> int:
        """Number of classes: good and defective for DifferNet."""
        model = self.model_cfg.model
        return 2 if self.method == 'differnet' else model.head.num_classes

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

    def build_backend_model(
        self,
        model_files: Sequence[str] | None = None,
        data_preprocessor_updater: Callable | None = None,
        **kwargs,
    ) -> BackendACNN:
        """The exported model as a module for the test loop."""
        data_preprocessor = deepcopy(self.model_cfg.model.data_preprocessor)
        if self.raw_input is not None:
            data_preprocessor.update(mean=None, std=None, to_rgb=False)
        kind, settings = BackendACNN, dict(num_classes=self.num_classes)
        if self.method == 'cam':
            kind, settings = BackendCAM, dict(head=build_model(self.model_cfg).head)
        if self.method == 'differnet':
            kind = BackendDifferNet
        model = kind(
            get_backend(self.deploy_cfg),
            model_files,
            self.device,
            self.deploy_cfg,
            data_preprocessor,
            **settings,
        )
        return model.to(self.device).eval()

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
        params = dict(num_classes=self.num_classes, topk=self.num_classes)
        return dict(type='LinearClsHead', params=params)

    def get_model_name(self, *args, **kwargs) -> str:
        return self.method


@MMACNN_TASK.register_module(Task.OBJECT_DETECTION.value)
class RoIDetection(RoIClassification):
    """The ROI as the one detection of an image, so that detectors' programs run it."""

    def get_postprocess(self, *args, **kwargs) -> dict:
        """The SDK scales the box to the frame, and clips it there."""
        return dict(type='ResizeBBox', params=dict(score_thr=0.0, min_bbox_size=0))
