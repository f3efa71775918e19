# Copyright (c) mmacnn authors. All rights reserved.

from typing import Any

import torch
from mmdeploy.codebase.base import BaseBackendModel
from mmdeploy.utils import get_backend
from mmengine.config import Config
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.utils import InputError

from .roles import by_role, set_predictions


class BackendModel(BaseBackendModel):
    """An exported model that predicts as the PyTorch model does, in the test loop.

    Args:
        file: The ONNX file, or the engine.
        device: Such as 'cpu' or 'cuda:0'.
        deploy_cfg: The deploy config that it was exported with.
        data_preprocessor: Config, as of the trained model.
        outputs: ``mmacnn.outputs`` of ``detail.json``.
    """

    def __init__(
        self,
        file: str,
        device: str,
        deploy_cfg: Config,
        data_preprocessor: dict,
        outputs: list[dict[str, Any]],
    ) -> None:
        self.raw_input = deploy_cfg.codebase_config.get('raw_input')
        if self.raw_input is not None:
            # The graph normalizes.
            changes = dict(mean=None, std=None, to_rgb=False)
            data_preprocessor = dict(data_preprocessor, **changes)
        super().__init__(deploy_cfg, data_preprocessor)
        self.outputs = by_role(outputs)
        self.wrapper = self._build_wrapper(
            get_backend(deploy_cfg),
            [file],
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
            Data samples with the fields that the trained model sets, as far as the
            outputs tell them, see :func:`mmacnn.deploy.roles.set_predictions`.
        """
        if mode != 'predict':
            raise InputError(f"mode: an exported model knows 'predict', not {mode!r}")
        if self.raw_input is not None:
            inputs = inputs.permute(0, 2, 3, 1).to(getattr(torch, self.raw_input))
        values = self.wrapper({self.input_name: inputs.contiguous()})
        found = {
            role: values[output['name']].cpu() for role, output in self.outputs.items()
        }
        samples = data_samples or [DataSample() for _ in inputs]
        for i, sample in enumerate(samples):
            of_image = {role: value[i] for role, value in found.items()}
            set_predictions(sample, of_image, self.outputs)
        return samples
