# Copyright (c) mmacnn authors. All rights reserved.

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from mmpretrain.structures import DataSample

from mmacnn.datasets.collate import same_size_collate
from mmacnn.ops import connected_regions

from .base import ImageInferencer

if TYPE_CHECKING:
    from mmacnn.visualization import RoIVisualizer


class RoIInferencer(ImageInferencer):
    """Say what is on images and where the model looked, and draw it.

    Works with every classifier of a config; ROI and heat map are there if the model
    predicts them. A result has ``pred_label``, ``pred_class``, ``pred_score``,
    ``pred_scores``, and where the model has them ``pred_roi`` (xyxy) and
    ``pred_centre_px`` (x, y) in pixels of the image, or ``pred_regions``, the connected
    parts of what it marked, the largest first: ``box`` (xyxy) in pixels of the image,
    ``area`` in pixels of the network's input. A data sample also has the heat map. Of
    an anomaly detector there is ``pred_anomaly_score`` too, and that alone where it has
    no threshold.

    Args:
        model (str | Path | Config): The config, with ``test_dataloader``.
        weights (str | Path, optional): The checkpoint, a path or URL; float16 is fine.
            None with ``backend_model``.
        device (str, optional): Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        backend_model (str, optional): Model folder of ``tools/deploy.py`` to run in the
            place of the weights.

    Raises:
        FileNotFoundError, InputError: See :class:`ImageInferencer`.

    Example:
        >>> inferencer = RoIInferencer('config.py', 'weights.pth')  # doctest: +SKIP
        >>> inferencer('images/', out_dir='pictures')  # doctest: +SKIP
        [{'img_path': 'images/1.png', 'pred_class': '(18.7)', ...}, ...]
    """

    scope = 'mmpretrain'
    collate = staticmethod(same_size_collate)

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

    def as_dict(self, sample: DataSample) -> dict:
        result = {}
        if 'pred_label' in sample:  # an anomaly detector may lack a threshold
            label = int(sample.pred_label)
            result.update(
                pred_label=label,
                pred_class=self.class_name(label),
                pred_score=float(sample.pred_score[label]),
                pred_scores=sample.pred_score.tolist(),
            )
        if 'pred_anomaly_score' in sample:
            result['pred_anomaly_score'] = float(sample.pred_anomaly_score)
        if 'pred_roi' in sample:
            left, top, right, bottom = sample.pred_roi.tolist()
            result['pred_roi'] = [left, top, right, bottom]
            result['pred_centre_px'] = [(left + right) / 2, (top + bottom) / 2]
        if 'pred_mask' in sample:
            regions = connected_regions(sample.pred_mask.numpy())
            scale = np.tile(sample.get('scale_factor', (1.0, 1.0)), 2)
            result['pred_regions'] = [
                dict(box=box.tolist(), area=int(area))
                for box, area in zip(regions.boxes / scale, regions.areas, strict=True)
            ]
        return result

    def draw(
        self,
        name: str,
        image: np.ndarray,
        sample: DataSample,
        show: bool,
        out_file: str | None,
    ) -> None:
        self.visualizer.add_datasample(
            name, image[..., ::-1], sample, show=show, out_file=out_file
        )
