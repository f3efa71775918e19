# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.structures import DataSample

from mmacnn.datasets.collate import same_size_collate
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
        worst, heatmap = None, np.full(size, -np.inf, np.float32)
        mask = np.zeros(size, bool)
        for (left, top, right, bottom), sample in parts:
            badness = _badness(sample)
            if worst is None or badness > _badness(worst):
                worst = sample
            for key, whole, join in (
                ('pred_heatmap', heatmap, np.maximum),
                ('pred_mask', mask, np.logical_or),
            ):
                part = over_image(sample, key, (bottom - top, right - left))
                if part is not None:
                    window = whole[top:bottom, left:right]
                    join(window, part, out=window)
        for key, whole in (('pred_heatmap', heatmap), ('pred_mask', mask)):
            if key in worst:
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


def _badness(sample: DataSample) -> float:
    """How far from good a tile is, comparable between tiles."""
    if 'pred_anomaly_score' in sample:
        return float(sample.pred_anomaly_score)
    scores = sample.get('pred_score')
    if 'pred_heatmap' not in sample or scores is None or len(scores) != 2:
        raise InputError(
            'tile: found a model that does not tell good from defective, expected a '
            'detector, an anomaly detector, or a classifier of two classes with a map'
        )
    return float(scores[1])
