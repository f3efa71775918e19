# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.structures import DataSample

from mmacnn.datasets.collate import same_size_collate
from mmacnn.line.tiles import NO_TILES, MergedMaps, badness
from mmacnn.ops import measure_regions
from mmacnn.utils import InputError

from .base import Inferencer, Window
from .result import Detection, over_image

if TYPE_CHECKING:
    from mmacnn.visualization import RoIVisualizer


class ClassificationInferencer(Inferencer):
    """The steps of :class:`Inferencer` for every classifier and anomaly detector.

    A result has what the data sample has: class and scores, ROI, heat map, the mask and
    its connected parts, anomaly score. An anomaly detector without a threshold gives no
    class.
    """

    scope = 'mmpretrain'

    def collate(self, packed: list[dict]) -> dict:
        """A batch of packed images; of several sizes if the model takes them."""
        takes_all = getattr(self.model, 'takes_several_sizes', False)
        return (pseudo_collate if takes_all else same_size_collate)(packed)

    @cached_property
    def visualizer(self) -> 'RoIVisualizer':
        """Draws the pictures; matplotlib is imported for the first of them."""
        from mmacnn.visualization import RoIVisualizer

        visualizer = RoIVisualizer()
        visualizer.dataset_meta = dict(classes=self.classes)
        return visualizer

    def _annotation(self) -> dict:
        # As in a data set where the box is not known.
        return dict(gt_bboxes=np.zeros((0, 4), dtype=np.float32))

    def merge(
        self, parts: Iterator[tuple[Window, DataSample]], size: tuple[int, int]
    ) -> DataSample:
        """See :class:`Inferencer`; the worst tile's scores, the maximum of the maps
        and the union of the masks.

        Raises:
            InputError: The model does not tell good from defective, with a map or an
                anomaly score.
        """
        merged = MergedMaps(size)
        for window, sample in parts:
            how_bad = badness(
                sample.get('pred_score'),
                sample.get('pred_anomaly_score'),
                'pred_heatmap' in sample,
            )
            if how_bad is None:
                raise InputError(NO_TILES)
            left, top, right, bottom = window
            maps = (
                over_image(sample, key, (bottom - top, right - left))
                for key in ('pred_heatmap', 'pred_mask')
            )
            merged.add(window, sample, how_bad, *maps)
        worst = merged.worst
        maps = dict(pred_heatmap=merged.heatmap, pred_mask=merged.mask)
        for key, whole in maps.items():
            if whole is not None:
                worst.set_field(torch.from_numpy(whole), key)
        worst.set_metainfo(dict(img_shape=size, scale_factor=(1.0, 1.0)))
        return worst

    def fields_of(self, prediction: DataSample, size: tuple[int, int]) -> dict:
        """See :class:`Inferencer`."""
        fields = dict(
            heatmap=over_image(prediction, 'pred_heatmap', size),
            mask=over_image(prediction, 'pred_mask', size),
        )
        if 'pred_label' in prediction:
            label = int(prediction.pred_label)
            scores = tuple(prediction.pred_score.tolist())
            name = self.class_name(label)
            fields |= dict(
                label=label, class_name=name, score=scores[label], scores=scores
            )
        if 'pred_anomaly_score' in prediction:
            fields['anomaly_score'] = float(prediction.pred_anomaly_score)
            fields['anomaly_threshold'] = prediction.get('anomaly_threshold')
        if 'pred_roi' in prediction:
            fields['roi'] = tuple(prediction.pred_roi.tolist())
        if 'pred_corners' in prediction:
            fields['corners'] = tuple(map(tuple, prediction.pred_corners.tolist()))
        if 'pred_mask' in prediction:
            found = measure_regions(
                prediction.pred_mask.numpy(),
                prediction.get('scale_factor', (1.0, 1.0)),
                prediction.get('mm_per_pixel'),
            )
            fields['detections'] = tuple(Detection(**each) for each in found)
        return fields

    def visualize(
        self,
        name: str,
        image: np.ndarray,
        prediction: DataSample,
        show: bool = False,
        out_file: str | None = None,
    ) -> None:
        """See :class:`Inferencer`."""
        self.visualizer.add_datasample(
            name, image[..., ::-1], prediction, show=show, out_file=out_file
        )
