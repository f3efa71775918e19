# Copyright (c) mmacnn authors. All rights reserved.
"""How well a heat map, and the mask cut from it, show where the defects are."""

from collections.abc import Sequence

import cv2
import numpy as np
from mmengine.evaluator import BaseMetric
from sklearn.metrics import roc_auc_score

from mmacnn.ops import connected_regions
from mmacnn.registry import METRICS
from mmacnn.utils import InputError

from .value_counts import count_pixels, measure_pixels, to_numpy

SIZES = ('small', 'medium', 'large')


@METRICS.register_module()
class DefectMapMetric(BaseMetric):
    """Compare heat map and mask with the true masks, and the score with the label.

    All in %, but for ``best_threshold``, in the units of the heat map:

    - ``image_auroc``: area under the ROC curve of the score of not being good.
    - ``pixel_auroc``: the same of the heat map, over the pixels of all images.
    - ``pro``: area under the per-region overlap up to 30 % wrongly marked pixels, see
      :class:`AnomalyMetric`.
    - ``iou``, ``dice``: of ``pred_mask``, over the pixels of all images.
    - ``best_dice``, ``best_threshold``: the highest Dice that a threshold on the heat
      map could reach on these images, and which. Choose it on a validation set.
    - ``pointing``: fraction of defective images whose heat map has its peak on a
      defect, or within ``tolerance`` of it (the pointing game of Zhang et al.,
      *Top-down Neural Attention by Excitation Backprop*, ECCV 2016, section 4.1);
      ``pointing_small``, ``_medium`` and ``_large`` by the size of the largest defect.
    - ``recall``: fraction of the defects (connected parts of a mask) that ``pred_mask``
      touches; ``recall_small``, ``_medium`` and ``_large`` by size.

    What needs masks is left out where no image has one, and likewise each of these
    numbers that no image or defect counts for. Heat maps are rounded to eleven
    significant bits.

    Args:
        tolerance: Distance from a defect in pixels that still counts as on it.
        size_limits: Square roots of the areas in pixels from which a defect is medium,
            and large.
        collect_device: Where results of several processes meet, 'cpu' or 'gpu'.
        prefix: Name before the metrics' names instead of 'map'.
    """

    default_prefix = 'map'

    def __init__(
        self,
        tolerance: float = 8.0,
        size_limits: tuple[float, float] = (8.0, 16.0),
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if tolerance < 0:
            raise InputError(f'tolerance must be >= 0 pixels, got {tolerance}')
        self.tolerance = tolerance
        self.size_limits = size_limits

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep one record a sample.

        Args:
            data_samples: ``gt_label`` (0 is good), ``pred_score`` (num_classes,), and
                where masks are known ``gt_seg_map`` (H, W), not 0 on a defect,
                ``pred_heatmap`` (H, W), and ``pred_mask`` (H, W) bool.
        """
        for sample in data_samples:
            record = dict(
                defective=int(sample['gt_label']) > 0,
                score=1 - float(sample['pred_score'][0]),
            )
            if 'gt_seg_map' in sample:
                maps = ('gt_seg_map', 'pred_heatmap', 'pred_mask')
                record.update(self._measure(*(to_numpy(sample[k]) for k in maps)))
            self.results.append(record)

    def _measure(self, truth: np.ndarray, heat: np.ndarray, mask: np.ndarray) -> dict:
        truth, mask = truth > 0, mask > 0
        defects = connected_regions(truth)
        sizes = np.sqrt(defects.areas)
        touched = np.unique(defects.labels[mask])
        record = dict(
            **count_pixels(heat, defects),
            counts=np.array(
                [(truth & mask).sum(), (~truth & mask).sum(), (truth & ~mask).sum()]
            ),
            sizes=np.digitize(sizes, self.size_limits),
            found=np.isin(np.arange(1, len(sizes) + 1), touched),
        )
        if len(sizes):
            away = cv2.distanceTransform(
                (~truth).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
            )
            record['hit'] = away.flat[heat.argmax()] <= self.tolerance
        return record

    def compute_metrics(self, results: list[dict]) -> dict:
        """The metrics that the class describes, of the records of all processes."""
        metrics = {}
        defective = np.array([record['defective'] for record in results])
        if defective.any() and not defective.all():
            scores = [record['score'] for record in results]
            metrics['image_auroc'] = 100 * roc_auc_score(defective, scores)
        masked = [record for record in results if 'values' in record]
        if not masked:
            return metrics
        areas, best = measure_pixels(masked)
        metrics |= areas
        if best:
            metrics.update(best_dice=100 * best[0], best_threshold=best[1])
        true, false, missed = sum(record['counts'] for record in masked)
        if true + false + missed:
            metrics['iou'] = 100 * true / (true + false + missed)
            metrics['dice'] = 200 * true / (2 * true + false + missed)
        pointed = [record for record in masked if 'hit' in record]
        metrics |= _fractions(
            'pointing',
            np.array([record['hit'] for record in pointed]),
            np.array([record['sizes'][0] for record in pointed]),
        )
        metrics |= _fractions(
            'recall',
            np.concatenate([record['found'] for record in masked]),
            np.concatenate([record['sizes'] for record in masked]),
        )
        return {name: float(value) for name, value in metrics.items()}


def _fractions(name: str, right: np.ndarray, sizes: np.ndarray) -> dict[str, float]:
    """Fraction of ``right``, in %, of all and by size."""
    groups = {name: np.ones(len(right), bool)}
    groups.update({f'{name}_{size}': sizes == i for i, size in enumerate(SIZES)})
    return {
        key: 100 * right[chosen].mean()
        for key, chosen in groups.items()
        if chosen.any()
    }
