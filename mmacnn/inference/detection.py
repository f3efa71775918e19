# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmacnn.line.tiles import merge_boxes

from .base import Inferencer, Window
from .finite import WatchedHeads
from .result import Detection, fields_of_detections

if TYPE_CHECKING:
    from mmdet.visualization import DetLocalVisualizer


class DetectionInferencer(Inferencer):
    """The steps of :class:`Inferencer` for a detector of mmdet.

    Args:
        config (Config): See :class:`Inferencer`.
        weights (str, optional): See there.
        device (str, optional): See there.
        backend_model (str, optional): See there.
        score_thr (float): Score in [0, 1] from which a box counts. Defaults to 0.3.
        tile (int, optional): See there.
        overlap (float): See there.
    """

    scope = 'mmdet'

    def __init__(
        self,
        config: Config,
        weights: str | None = None,
        device: str | None = None,
        backend_model: str | None = None,
        score_thr: float = 0.3,
        tile: int | None = None,
        overlap: float = 0.2,
    ) -> None:
        super().__init__(config, weights, device, backend_model, tile, overlap)
        self.score_thr = score_thr
        # An exported model has none of them: what it drops, it drops unseen.
        self._heads = [
            module
            for module in self.model.modules()
            if isinstance(module, (BaseDenseHead, BBoxHead))
        ]

    @cached_property
    def visualizer(self) -> 'DetLocalVisualizer':
        """Draws the pictures; imported for the first of them."""
        from mmdet.visualization import DetLocalVisualizer

        visualizer = DetLocalVisualizer(line_width=1)  # defects are small
        visualizer.dataset_meta = dict(classes=self.classes)
        return visualizer

    def merge(
        self, parts: Iterator[tuple[Window, DetDataSample]], size: tuple[int, int]
    ) -> DetDataSample:
        """See :class:`Inferencer`; what several tiles show is one box."""
        found, merged = [], None
        for number, ((left, top, _, _), sample) in enumerate(parts):
            boxes = sample.pred_instances
            offset = boxes.bboxes.new_tensor((left, top, left, top))
            tiles = torch.full_like(boxes.labels, number)
            found.append((boxes.bboxes + offset, boxes.scores, boxes.labels, tiles))
            merged = sample if merged is None else merged
        boxes, scores, labels, tiles = map(torch.cat, zip(*found, strict=True))
        boxes, kept = merge_boxes(
            *(each.numpy() for each in (boxes, scores, labels, tiles))
        )
        merged.pred_instances = InstanceData(
            bboxes=torch.from_numpy(boxes), scores=scores[kept], labels=labels[kept]
        )
        return merged

    def forward(self, batch: Any) -> list[DetDataSample]:
        """See :class:`Inferencer`; notes whose boxes fell to NaN on the way."""
        with WatchedHeads(self._heads) as heads:
            samples = super().forward(batch)
        for index, sample in enumerate(samples):
            is_complete = heads.are_finite(index, len(samples))
            sample.set_metainfo(dict(is_complete=is_complete))
        return samples

    def fields_of(self, prediction: DetDataSample, size: tuple[int, int]) -> dict:
        """See :class:`Inferencer`; the surest box first."""
        found = self._found(prediction)
        found = found[found.scores.argsort(descending=True, stable=True)]
        detections = tuple(
            Detection(tuple(box), self.class_name(label), score, label)
            for box, score, label in zip(
                found.bboxes.tolist(),
                found.scores.tolist(),
                found.labels.tolist(),
                strict=True,
            )
        )
        return fields_of_detections(detections, detections[0] if detections else None)

    def _found(self, prediction: DetDataSample) -> InstanceData:
        boxes = prediction.pred_instances
        return boxes[boxes.scores >= self.score_thr]

    def visualize(
        self,
        name: str,
        image: np.ndarray,
        prediction: DetDataSample,
        show: bool = False,
        out_file: str | None = None,
    ) -> None:
        """See :class:`Inferencer`; the boxes that :meth:`fields_of` counts."""
        shown = prediction.clone()
        shown.pred_instances = self._found(prediction)
        self.visualizer.add_datasample(
            name,
            image[..., ::-1],
            shown,
            draw_gt=False,
            show=show,
            out_file=out_file,
            pred_score_thr=-1.0,  # all that are left
        )
