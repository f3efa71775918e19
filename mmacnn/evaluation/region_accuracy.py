# Copyright (c) mmacnn authors. All rights reserved.
"""Accuracy of prompt regions, by class and by the size of the region."""

from collections.abc import Sequence

import numpy as np
from mmengine.evaluator import BaseMetric

from mmacnn.registry import METRICS
from mmacnn.utils import InputError

EDGES = (0.01, 0.04, 0.16)
"""Fractions of the image's area that part small regions from larger ones.

Squares whose side is a tenth, two and four tenths of a square image's.
"""


def accuracy_by_fraction(
    correct: np.ndarray, fraction: np.ndarray, edges: Sequence[float] = EDGES
) -> dict[str, tuple[float, int]]:
    """Accuracy of the regions of each size.

    Args:
        correct: (N,) bool, whether a region was classified correctly.
        fraction: (N,), its fraction of the image's area, in (0, 1].
        edges: Fractions that part the sizes, rising, in (0, 1).

    Returns:
        For each size that there is a region of, the smallest first: name, such as
        '1-4' (% of the image's area, the upper end not included), accuracy in %, and
        number of regions.

    Example:
        >>> accuracy_by_fraction(np.array([True, False]), np.array([0.2, 0.3]))
        {'16-100': (50.0, 2)}
    """
    ends = [f'{100 * edge:g}' for edge in (0, *edges, 1)]
    size = np.digitize(fraction, edges)
    return {
        f'{low}-{high}': (
            100 * float(correct[size == i].mean()),
            int((size == i).sum()),
        )
        for i, (low, high) in enumerate(zip(ends[:-1], ends[1:], strict=True))
        if (size == i).any()
    }


@METRICS.register_module()
class RegionAccuracy(BaseMetric):
    """Accuracy of all regions, of the mean class, and by size, in %.

    - ``accuracy``: fraction of the regions that were classified correctly.
    - ``mean_class_accuracy``: mean over the classes of the fraction of their regions;
      of the classes that the data set has.
    - ``accuracy_0-1`` and so on: fraction of those whose fraction of the image's area,
      in %, is in this range; left out where there is none.

    Args:
        edges: Fractions of the image's area that part the sizes, rising, in (0, 1).
        collect_device: Where results of several processes meet, 'cpu' or 'gpu'.
        prefix: Name before the metrics' names instead of 'region'.

    Raises:
        InputError: ``edges`` do not rise in (0, 1).
    """

    default_prefix = 'region'

    def __init__(
        self,
        edges: Sequence[float] = EDGES,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        ends = np.array([0.0, *edges, 1.0])
        if not (np.diff(ends) > 0).all():
            raise InputError(
                f'RegionAccuracy: edges are {edges!r}, expected rising fractions in '
                '(0, 1)'
            )
        self.edges = tuple(edges)

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep one record a sample.

        Args:
            data_samples: ``gt_label``, ``pred_label``, and ``region_fraction`` in
                (0, 1] (a meta key of ``PackInputs``).

        Raises:
            InputError: There is no ``region_fraction``.
        """
        for sample in data_samples:
            if 'region_fraction' not in sample:
                raise InputError(
                    'RegionAccuracy: expected region_fraction in the data samples '
                    '(LoadRegionMask, and a meta key of PackInputs)'
                )
            self.results.append(
                (
                    int(sample['gt_label']),
                    int(sample['pred_label']),
                    float(sample['region_fraction']),
                )
            )

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """The metrics that the class describes, of the records of all processes."""
        true, found, fraction = map(np.array, zip(*results, strict=True))
        correct = true == found
        by_class = [correct[true == label].mean() for label in np.unique(true)]
        metrics = dict(
            accuracy=100 * float(correct.mean()),
            mean_class_accuracy=100 * float(np.mean(by_class)),
        )
        for name, (percent, _) in accuracy_by_fraction(
            correct, fraction, self.edges
        ).items():
            metrics[f'accuracy_{name}'] = percent
        return metrics
