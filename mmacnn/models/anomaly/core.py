# Copyright (c) mmacnn authors. All rights reserved.
from typing import ClassVar

from torch import Tensor, nn


class AnomalyCore(nn.Module):
    """What an anomaly detector computes, for anybody who uses PyTorch.

    Images are (B, 3, H, W), normalised. No engine, log, threshold or file is known
    here.
    """

    exports_map: ClassVar[bool] = False
    """Whether the map comes from the forward pass, without a gradient."""

    def score(self, images: Tensor) -> Tensor:
        """Raw scores (B,), which rise with the anomaly."""
        return self.measure(images)[0]

    def measure(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Raw scores (B,) and raw maps (B, H, W), or None where there are no maps."""
        raise NotImplementedError

    def init_weights(self) -> None:
        """Let the parts initialize themselves, as mmengine does."""
        for child in self.children():
            if hasattr(child, 'init_weights'):
                child.init_weights()
