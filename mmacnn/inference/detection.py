# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmdet.structures import DetDataSample
from mmengine.config import Config

from .base import ImageInferencer
from .finite import NOT_FINITE, WatchedHeads

if TYPE_CHECKING:
    from mmdet.visualization import DetLocalVisualizer


class DetectionInferencer(ImageInferencer):
    """Say which objects a detector finds on images and where, and draw their boxes.

    A result has ``pred_boxes`` (xyxy, pixels of the image), ``pred_labels``,
    ``pred_classes`` and ``pred_scores``, the best first.

    Args:
        model (str | Path | Config): The config of a detector of mmdet, with
            ``test_dataloader``.
        weights (str | Path, optional): The checkpoint, a path or URL; float16 is fine.
            None with ``backend_model``.
        device (str, optional): Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        score_thr (float): Score in [0, 1] from which a box counts. Defaults to 0.3.
        backend_model (str, optional): Model folder of ``tools/deploy.py`` to run in the
            place of the weights.

    Raises:
        FileNotFoundError, InputError: See :class:`ImageInferencer`.
    """

    scope = 'mmdet'

    def __init__(
        self,
        model: str | Path | Config,
        weights: str | Path | None = None,
        device: str | None = None,
        score_thr: float = 0.3,
        backend_model: str | None = None,
    ) -> None:
        super().__init__(model, weights, device, backend_model)
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

    def predict(
        self,
        images: Sequence[np.ndarray],
        names: Sequence[str],
        annotations: Sequence[dict] | None = None,
    ) -> list[DetDataSample]:
        """:meth:`ImageInferencer.predict`; notes whose boxes fell to NaN on the way."""
        with WatchedHeads(self._heads) as heads:
            samples = super().predict(images, names, annotations)
        for index, sample in enumerate(samples):
            is_complete = heads.are_finite(index, len(samples))
            sample.set_metainfo(dict(is_complete=is_complete))
        return samples

    def problem_of(self, sample: DetDataSample) -> str:
        """See :class:`ImageInferencer`."""
        is_complete = sample.get('is_complete', True)
        return super().problem_of(sample) if is_complete else NOT_FINITE

    def as_dict(self, sample: DetDataSample) -> dict:
        found = sample.pred_instances
        found = found[found.scores >= self.score_thr]
        labels = found.labels.tolist()
        return dict(
            pred_boxes=found.bboxes.tolist(),
            pred_labels=labels,
            pred_classes=[self.class_name(label) for label in labels],
            pred_scores=found.scores.tolist(),
        )

    def draw(
        self,
        name: str,
        image: np.ndarray,
        sample: DetDataSample,
        show: bool,
        out_file: str | None,
    ) -> None:
        self.visualizer.add_datasample(
            name,
            image[..., ::-1],
            sample,
            draw_gt=False,
            show=show,
            out_file=out_file,
            pred_score_thr=self.score_thr,
        )
