# Copyright (c) mmacnn authors. All rights reserved.
"""How well the predicted ROI finds the object."""

import logging
from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmacnn.registry import METRICS
from mmacnn.utils import InputError


@METRICS.register_module()
class RoILocalizationMetric(BaseMetric):
    """Compare the predicted ROI with the true box, in pixels of the original image.

    An image counts if it has exactly one true box and a predicted ROI. The metrics:

    - ``centre_error_median``, ``_mean``, ``_p95``, ``_max``: distance in pixels from
      the centre of the ROI to the centre of the box.
    - ``hit_rate``: fraction of images whose box lies wholly inside the ROI, in %.
    - ``object_to_image``: mean fraction of the image area that the box takes, in %.
    - ``object_to_roi``: mean fraction of the ROI area that the box takes, in %. Only
      the
      part of the box inside the ROI counts: a crop beside the object shows none of it.

    Without any image that counts the result is empty and a warning says so.

    Args:
        tolerance: How far a box may stick out of the ROI at each side and
            still be a hit, in pixels of the original image, >= 0. Half a pixel is
            the rounding of a drawn box.
        collect_device: Where results of several processes meet, 'cpu' or 'gpu'.
        prefix: Name before the metrics' names instead of 'roi'.
    """

    default_prefix = 'roi'

    def __init__(
        self,
        tolerance: float = 0.5,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if tolerance < 0:
            raise InputError(f'tolerance must be >= 0 pixels, got {tolerance}')
        self.tolerance = tolerance

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep one record a sample, an empty one for a sample that doesn't count.

        Every sample has its record because mmengine interleaves the results of
        several processes, leaves out ``None`` and cuts them to the data set's length.

        Args:
            data_samples: Predictions with ``gt_bboxes`` (N, 4), xyxy
                in pixels of the network input, ``pred_roi`` (4,), xyxy in pixels of
                the original image, ``ori_shape`` (h, w) and, if the image was
                resized, ``scale_factor`` (w_scale, h_scale).
        """
        self.results.extend(self._measure(sample) for sample in data_samples)

    def _measure(self, sample: dict) -> dict[str, float]:
        boxes, roi = sample.get('gt_bboxes'), sample.get('pred_roi')
        if roi is None or boxes is None or len(boxes) != 1:
            return {}
        scale = np.tile(sample.get('scale_factor', (1.0, 1.0)), 2)
        box = _to_float64(boxes)[0] / scale
        roi = _to_float64(roi)
        height, width = sample['ori_shape'][:2]

        offset = (roi[:2] + roi[2:] - box[:2] - box[2:]) / 2
        inside = np.concatenate([box[:2] - roi[:2], roi[2:] - box[2:]])
        overlap = np.minimum(box[2:], roi[2:]) - np.maximum(box[:2], roi[:2])
        return dict(
            centre_error=float(np.hypot(*offset)),
            hit=float(inside.min() >= -self.tolerance),
            object_to_image=float(np.prod(box[2:] - box[:2]) / (height * width)),
            object_to_roi=float(
                np.prod(overlap.clip(min=0)) / np.prod(roi[2:] - roi[:2])
            ),
        )

    def compute_metrics(self, results: list[dict[str, float]]) -> dict:
        """The metrics that the class describes, of the records of all processes."""
        counted = [record for record in results if record]
        if len(counted) < len(results):
            print_log(
                f'{type(self).__name__}: {len(counted)} of {len(results)} images have '
                'one box and a predicted ROI; only these count.',
                logger='current',
                level=logging.INFO if counted else logging.WARNING,
            )
        if not counted:
            return {}

        errors, hits, to_image, to_roi = (
            np.array([record[key] for record in counted]) for key in counted[0]
        )
        return dict(
            centre_error_median=float(np.median(errors)),
            centre_error_mean=float(errors.mean()),
            centre_error_p95=float(np.percentile(errors, 95)),
            centre_error_max=float(errors.max()),
            hit_rate=float(hits.mean() * 100),
            object_to_image=float(to_image.mean() * 100),
            object_to_roi=float(to_roi.mean() * 100),
        )


def _to_float64(values) -> np.ndarray:
    """Array from a tensor on any device or a sequence."""
    values = values.detach().cpu().numpy() if hasattr(values, 'detach') else values
    return np.asarray(values, dtype=np.float64)
