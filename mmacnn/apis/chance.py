# Copyright (c) mmacnn authors. All rights reserved.
"""A warning where a classifier knows no more than the most frequent class."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

CONFIDENCE = 0.95


class ChanceWarning(BaseMetric):
    """Compares a classifier with answering the most frequent class for every image.

    It gives no number. Samples without one true and one predicted class do not count,
    nor do those of an anomaly detector, whose images of the two kinds are mixed in any
    fractions.
    """

    default_prefix = 'chance'  # mmengine warns without one

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the true and the predicted class of each sample."""
        self.results.extend(_labels(sample) for sample in data_samples)

    def compute_metrics(self, results: list[tuple]) -> dict:
        """Write the warning, if there is one."""
        pairs = [pair for pair in results if pair]
        line = chance_warning(pairs, (self.dataset_meta or {}).get('classes') or ())
        if line:
            print_log(line, logger='current', level=logging.WARNING)
        return {}


def chance_warning(
    pairs: Sequence[tuple[int, int]], classes: Sequence[str] = ()
) -> str:
    """What to say of a classifier that is not better than chance.

    Args:
        pairs: True and predicted class of each image.
        classes: Names of the classes.

    Returns:
        A line; empty where the accuracy is above the 95 % interval of the most frequent
        class's fraction (binomial), or where all images are of one class.
    """
    from scipy.stats import binom  # Late, because a test alone needs it.

    counts = Counter(truth for truth, _ in pairs)
    if len(counts) < 2:
        return ''
    label, largest = counts.most_common(1)[0]
    total, correct = len(pairs), sum(truth == said for truth, said in pairs)
    limit = int(binom.ppf((1 + CONFIDENCE) / 2, total, largest / total))
    if correct > limit:
        return ''
    name = classes[label] if label < len(classes) else f'class {label}'
    return (
        f'The model is not better than chance: {correct} of {total} images are correct '
        f"({100 * correct / total:.1f} %); the answer '{name}' for every image is "
        f'correct for {largest}, and luck gives up to {limit}. See '
        'docs/en/not_good_enough.md'
    )


def _labels(sample: dict) -> tuple[int, int] | tuple[()]:
    truth, said = sample.get('gt_label'), sample.get('pred_label')
    if truth is None or said is None or 'pred_anomaly_score' in sample:
        return ()
    if not len(truth) == len(said) == 1:
        return ()
    return int(truth[0]), int(said[0])
