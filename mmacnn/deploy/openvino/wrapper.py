# Copyright (c) mmacnn authors. All rights reserved.
"""MMDeploy's way to OpenVINO: its own calls what OpenVINO dropped in 2024."""

from collections.abc import Sequence

import torch
from mmdeploy.backend.base import BaseWrapper
from mmdeploy.backend.openvino import wrapper
from torch import Tensor

from .session import OpenVINOSession


class OpenVINOWrapper(BaseWrapper):
    """In the place of MMDeploy's of this name.

    Args:
        ir_model_file: The ``.xml`` file.
        output_names: The outputs.
    """

    def __init__(self, ir_model_file: str, output_names: Sequence[str]) -> None:
        super().__init__(output_names)
        self._session = OpenVINOSession(ir_model_file)

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Outputs by name."""
        arrays = {name: tensor.cpu().numpy() for name, tensor in inputs.items()}
        values = self._session.run(self.output_names, arrays)
        return {
            name: torch.from_numpy(value)
            for name, value in zip(self.output_names, values, strict=True)
        }


def use_in_mmdeploy() -> None:
    """Let MMDeploy run OpenVINO's files by :class:`OpenVINOWrapper`."""
    wrapper.OpenVINOWrapper = OpenVINOWrapper
