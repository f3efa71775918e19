# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch
from mmdeploy.codebase.base import BaseBackendModel
from mmdeploy.utils import Backend
from mmengine.config import Config
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.models.heads import CAMHead
from mmacnn.utils import InputError


class BackendACNN(BaseBackendModel):
    """An exported A-CNN that predicts as the PyTorch model does, in the test loop.

    Args:
        backend: What runs it.
        model_files: The ONNX file, or the engine.
        device: Such as 'cpu' or 'cuda:0'.
        deploy_cfg: The deploy config that it was exported with.
        data_preprocessor: Config; without normalization if the graph has it.
        num_classes: Number of classes.
    """

    def __init__(
        self,
        backend: Backend,
        model_files: Sequence[str],
        device: str,
        deploy_cfg: Config,
        data_preprocessor: dict,
        num_classes: int,
    ) -> None:
        super().__init__(deploy_cfg, data_preprocessor)
        self.raw_input = deploy_cfg.codebase_config.get('raw_input')
        self.num_classes = num_classes
        self.wrapper = self._build_wrapper(
            backend,
            model_files,
            device,
            [self.input_name],
            self.output_names,
            deploy_cfg,
        )

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        mode: str = 'predict',
    ) -> list[DataSample]:
        """Predict.

        Args:
            inputs: (B, C, H, W), as the data preprocessor made them.
            data_samples: Annotations, to which the predictions are added.
            mode: 'predict', the only one.

        Returns:
            Data samples with ``pred_label``, ``pred_score`` (classes,) and, where the
            outputs tell the place, ``pred_centre`` and ``pred_roi`` as
            :class:`mmacnn.models.ACNN` sets them. Of detections only the best class
            has its score; the others have 0.
        """
        if mode != 'predict':
            raise InputError(f"mode: an exported model knows 'predict', not {mode!r}")
        if self.raw_input is not None:
            inputs = inputs.permute(0, 2, 3, 1).to(getattr(torch, self.raw_input))
        outputs = self.wrapper({self.input_name: inputs.contiguous()})
        outputs = {name: value.cpu() for name, value in outputs.items()}
        samples = data_samples or [DataSample() for _ in inputs]
        for i, sample in enumerate(samples):
            self._predict_one(sample, {name: out[i] for name, out in outputs.items()})
        return samples

    def _predict_one(self, sample: DataSample, outputs: dict[str, Tensor]) -> None:
        """Set the fields of one image from its outputs, whichever there are."""
        roi = outputs.get('roi')
        scores = outputs.get('output', outputs.get('scores'))
        if 'dets' in outputs:
            roi, label = outputs['dets'][0, :4], int(outputs['labels'])
            scores = roi.new_zeros(self.num_classes)
            scores[label] = outputs['dets'][0, 4]
        sample.set_pred_score(scores).set_pred_label(scores.argmax(0, keepdim=True))
        if 'centre' in outputs:
            sample.set_field(outputs['centre'], 'pred_centre')
        if roi is not None:
            scale = roi.new_tensor(sample.get('scale_factor', (1.0, 1.0))[:2])
            sample.set_field(roi / scale.repeat(2), 'pred_roi')


class BackendCAM(BackendACNN):
    """An exported CAM classifier that predicts as the PyTorch model does.

    Args:
        *args: See :class:`BackendACNN`.
        head: The model's head, for where the cells of its map lie.
    """

    def __init__(self, *args, head: CAMHead) -> None:
        super().__init__(*args, num_classes=head.num_classes)
        self.head = head

    def _predict_one(self, sample: DataSample, outputs: dict[str, Tensor]) -> None:
        super()._predict_one(sample, dict(scores=outputs.get('score'), **outputs))
        if 'cam' in outputs:
            self.head.show(sample, outputs['cam'])


class BackendDifferNet(BackendACNN):
    """An exported DifferNet that scores as the PyTorch model does, without its map."""

    def _predict_one(self, sample: DataSample, outputs: dict[str, Tensor]) -> None:
        sample.set_field(outputs['anomaly_score'], 'pred_anomaly_score')
        sample.set_pred_score(outputs['score']).set_pred_label(outputs['label'])
