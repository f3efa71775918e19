# Copyright (c) mmacnn authors. All rights reserved.
"""Ultralytics' trainer, with bfloat16 on the CPU and without validations."""

import torch
from torch.utils._pytree import tree_map
from ultralytics import YOLO
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

__all__ = ['YOLO', 'BFloat16Trainer', 'Trainer']


class BFloat16DetectionModel(DetectionModel):
    """Layers in bfloat16 while training; the loss stays in float32."""

    def _predict_once(self, x, *args, **kwargs):
        if not self.training:
            return super()._predict_once(x, *args, **kwargs)
        x = x.to(memory_format=torch.channels_last)
        with torch.autocast('cpu', torch.bfloat16):
            outputs = super()._predict_once(x, *args, **kwargs)
        return tree_map(lambda y: y.float() if torch.is_tensor(y) else y, outputs)


class Trainer(DetectionTrainer):
    """Ultralytics' trainer, without its validations: the script tests at the end."""

    def validate(self) -> tuple[dict, float]:
        return {}, 0.0

    def final_eval(self) -> None:
        pass


class BFloat16Trainer(Trainer):
    """The trainer, with the model above."""

    def get_model(self, cfg=None, weights=None, verbose=True) -> DetectionModel:
        model = BFloat16DetectionModel(cfg, nc=self.data['nc'], verbose=verbose)
        if weights:
            model.load(weights)
        return model
