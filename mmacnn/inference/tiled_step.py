# Copyright (c) mmacnn authors. All rights reserved.
"""Testing a detector that looks at large images in tiles."""

from collections.abc import Sequence
from typing import Any

from mmdet.models.utils import samplelist_boxtype2tensor
from mmengine.structures import BaseDataElement
from torch import nn

from .base import Inferencer


class TiledStep:
    """Predicts on images that are larger than a tile as the inferencer does.

    A smaller image takes the way that it has without tiles.

    Args:
        model: The detector, whose ``test_step`` is replaced.
        inferencer: Of the same model, with ``tile``.
    """

    def __init__(self, model: nn.Module, inferencer: Inferencer) -> None:
        self.inferencer = inferencer
        self._step = model.test_step
        model.test_step = self

    def __call__(self, data: Any) -> Sequence[BaseDataElement]:
        samples, tile = data['data_samples'], self.inferencer.tile
        are_large = [max(sample.ori_shape[:2]) > tile for sample in samples]
        if not all(are_large):
            samples = self._step(data)
        else:
            samplelist_boxtype2tensor(samples)  # as the data preprocessor does it
        for sample, is_large in zip(samples, are_large, strict=True):
            if is_large:
                image = self.inferencer.loader(dict(img_path=sample.img_path))['img']
                (found,) = self.inferencer.predict([image], [sample.img_path])
                sample.pred_instances = found.pred_instances
        return samples
