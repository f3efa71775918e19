# Copyright (c) mmacnn authors. All rights reserved.
"""How well an anomaly score tells good from defective, and its map where."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from sklearn.metrics import average_precision_score, roc_auc_score

from mmacnn.ops import connected_regions
from mmacnn.registry import METRICS
from mmacnn.utils import InputError

from .value_counts import best_dice, count_pixels, measure_pixels, to_numpy

SUMMARY = (
    *('image_auroc', 'average_precision', 'f1_max', 'fpr', 'fnr'),
    *('pixel_auroc', 'pro'),
)
OF_EACH_KIND = ('image_auroc', 'fnr', 'pixel_auroc', 'pro')


@METRICS.register_module()
class AnomalyMetric(BaseMetric):
    """Compare the anomaly score with the label, and the heat map with the true masks.

    All in %, but for ``good_score``, in units of the score:

    - ``image_auroc``: area under the ROC curve of the score.
    - ``average_precision``: of the score, with the defective images as positives.
    - ``f1_max``: the highest F1 score that any threshold could reach on these images.
    - ``fpr``, ``fnr``: fraction of the good images that ``pred_label`` calls
      defective, and of the defective ones that it calls good: at the model's own
      threshold, chosen without these images.
    - ``pixel_auroc``: area under the ROC curve of the heat map, over the pixels of all
      images.
    - ``pro``: area under the per-region overlap up to ``max_fpr``; see
      :func:`mmacnn.evaluation.value_counts.overlap_area`.
    - ``good_score``: mean score of the good images, all that images held out of the
      training can tell.

    ``image_auroc``, ``fnr``, ``pixel_auroc`` and ``pro`` also of each kind of defect
    against all good images, as ``image_auroc_KIND``, where there are two or more kinds.

    A number that these images or predictions do not allow is left out. The pixels are
    those of the network's input, of an image in tiles its own, and heat maps are
    rounded to eleven significant bits.

    Args:
        max_fpr: Largest fraction of wrongly marked good pixels for ``pro``, in
            (0, 1].
        collect_device: Where results of several processes meet, 'cpu' or 'gpu'.
        prefix: Name before the metrics' names instead of 'anomaly'.
    """

    default_prefix = 'anomaly'

    def __init__(
        self,
        max_fpr: float = 0.3,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not 0 < max_fpr <= 1:
            raise InputError(
                f'AnomalyMetric: max_fpr is {max_fpr}, expected a number in (0, 1]'
            )
        self.max_fpr = max_fpr

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep one record a sample.

        Args:
            data_samples: ``gt_label`` (0 is good), ``pred_anomaly_score``, and where
                they are known ``defect_kind``, ``pred_label``, ``pred_heatmap`` (H, W),
                larger where it is more abnormal, and ``gt_seg_map`` (H, W), not 0 on a
                defect.

        Raises:
            InputError: A score or a heat map is not finite, or a heat map has not the
                size of its mask.
        """
        for sample in data_samples:
            defective = int(sample['gt_label']) > 0
            record = dict(
                defective=defective,
                kind=sample.get('defect_kind', 'defect') if defective else None,
                score=float(sample['pred_anomaly_score']),
            )
            if 'pred_label' in sample:
                record['called_defective'] = int(sample['pred_label']) > 0
            if 'gt_seg_map' in sample and 'pred_heatmap' in sample:
                record['pixels'] = _count_pixels(sample)
            if not np.isfinite(record['score']):
                raise InputError(
                    f'{_name(sample)}: found the score {record["score"]}, expected a '
                    'finite number'
                )
            self.results.append(record)

    def compute_metrics(self, results: list[dict]) -> dict:
        """The metrics that the class describes, of the records of all processes."""
        good = [record for record in results if not record['defective']]
        kinds = sorted({record['kind'] for record in results} - {None})
        metrics = self._summarise(results)
        for kind in kinds if len(kinds) > 1 else ():
            of_kind = [record for record in results if record['kind'] == kind]
            found = self._summarise(good + of_kind)
            metrics |= {f'{n}_{kind}': found[n] for n in OF_EACH_KIND if n in found}
        return {name: float(value) for name, value in metrics.items()}

    def _summarise(self, records: list[dict]) -> dict[str, float]:
        metrics = {}
        defective = np.array([record['defective'] for record in records])
        scores = np.array([record['score'] for record in records])
        if defective.any() and not defective.all():
            values, counts = _counts(scores, defective)
            metrics.update(
                image_auroc=100 * roc_auc_score(defective, scores),
                average_precision=100 * average_precision_score(defective, scores),
                f1_max=100 * best_dice(values, *counts)[0],
            )
        decided = [record for record in records if 'called_defective' in record]
        for name, truth in (('fpr', False), ('fnr', True)):
            wrong = [
                r['called_defective'] != truth
                for r in decided
                if r['defective'] == truth
            ]
            if wrong:
                metrics[name] = 100 * np.mean(wrong)
        pixels = [record['pixels'] for record in records if 'pixels' in record]
        if pixels:
            metrics |= measure_pixels(pixels, self.max_fpr)[0]
        if not defective.all():
            metrics['good_score'] = scores[~defective].mean()
        return metrics


def _counts(scores: np.ndarray, defective: np.ndarray) -> tuple[np.ndarray, tuple]:
    values, where = np.unique(scores, return_inverse=True)
    return values, tuple(
        np.bincount(where[chosen], minlength=len(values))
        for chosen in (defective, ~defective)
    )


def _count_pixels(sample: dict) -> dict[str, np.ndarray]:
    heat = to_numpy(sample['pred_heatmap'])
    truth = to_numpy(sample['gt_seg_map']) > 0
    if heat.shape != truth.shape:
        raise InputError(
            f'{_name(sample)}: found a heat map of {heat.shape}, expected one of the '
            f"mask's size, {truth.shape}"
        )
    if not np.isfinite(heat).all():
        raise InputError(
            f'{_name(sample)}: found a heat map with NaN or infinity, expected finite '
            'numbers'
        )
    return count_pixels(heat, connected_regions(truth))


def _name(sample: dict) -> str:
    return str(sample.get('img_path', 'an image'))
