# Copyright (c) mmacnn authors. All rights reserved.
"""Testing a model that looks at large images in tiles."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.structures import BaseDataElement
from torch import nn

from mmacnn.datasets.transforms import LoadDefectMask

from .base import Inferencer


class TiledStep:
    """Predicts on images that are larger than a tile as the inferencer does.

    A smaller image takes the way that it has without tiles. The true mask of a larger
    one is read again, in the size of the image, as its map is.

    Args:
        model: The detector, or the model with a map, whose ``test_step`` is replaced.
        inferencer: Of the same model, with ``tile``.
        dataset: That of the test.
    """

    def __init__(
        self, model: nn.Module, inferencer: Inferencer, dataset: BaseDataset
    ) -> None:
        self.inferencer, self.dataset = inferencer, dataset
        self._step, self._load_mask = model.test_step, LoadDefectMask()
        model.test_step = self

    @cached_property
    def _infos(self) -> dict[str, dict]:
        """What the data set knows of each image, by its path."""
        infos = map(self.dataset.get_data_info, range(len(self.dataset)))
        return {info['img_path']: info for info in infos}

    def __call__(self, data: Any) -> Sequence[BaseDataElement]:
        samples, tile = data['data_samples'], self.inferencer.tile
        is_detector = self.inferencer.scope == 'mmdet'
        are_large = [max(sample.ori_shape[:2]) > tile for sample in samples]
        if not all(are_large):
            samples = self._step(data)
        elif is_detector:
            from mmdet.models.utils import samplelist_boxtype2tensor

            samplelist_boxtype2tensor(samples)  # as the data preprocessor does it
        for sample, is_large in zip(samples, are_large, strict=True):
            if is_large:
                image = self.inferencer.loader(dict(img_path=sample.img_path))['img']
                (found,) = self.inferencer.predict([image], [sample.img_path])
                if is_detector:
                    sample.pred_instances = found.pred_instances
                else:
                    self._fill(sample, found, image)
        return samples

    def _fill(
        self, sample: BaseDataElement, found: BaseDataElement, image: np.ndarray
    ) -> None:
        """Give a sample what was found, and the mask that is true of its image."""
        for key, value in found.items():
            if key.startswith('pred_'):
                sample.set_field(value, key)
        sample.set_metainfo(dict(found.metainfo_items()))
        if 'gt_seg_map' in sample:
            known = self._load_mask(dict(self._infos[sample.img_path], img=image))
            sample.set_field(torch.from_numpy(known['gt_seg_map']), 'gt_seg_map')
