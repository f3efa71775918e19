# Copyright (c) mmacnn authors. All rights reserved.
"""Curves over all pixels of a data set, from how often each value of its maps occurs.

The maps of a thousand images don't fit into the memory. Rounded to eleven significant
bits a map has a few thousand different values, and that each of them occurs so often on
a defect and so often elsewhere is all that the curves need.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import auc, roc_auc_score

from mmacnn.ops import Regions


def round_values(values: np.ndarray) -> np.ndarray:
    """Round float32 numbers to eleven significant bits, as half precision has.

    Unlike half precision it keeps float32's range: gradients can be smaller than 1e-8.
    """
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    rounded = (bits + 0xFFF + ((bits >> 13) & 1)) & np.uint32(0xFFFFE000)
    return rounded.view(np.float32)


def count_values(values: np.ndarray, **groups: np.ndarray) -> dict[str, np.ndarray]:
    """Count how often each value occurs in groups of pixels.

    Args:
        values: (H, W) heat map, finite; rounded by :func:`round_values`.
        **groups: (H, W), bool, or the weight of each pixel in the group.

    Returns:
        ``values`` (N,), rising, and for each group (N,) the sum of its weights at each
        value.
    """
    found, where = np.unique(round_values(values), return_inverse=True)
    counts = {
        name: np.bincount(where.ravel(), weights.ravel(), len(found))
        for name, weights in groups.items()
    }
    return dict(values=found, **counts)


def pool_counts(counts: Sequence[dict], *groups: str) -> tuple[np.ndarray, ...]:
    """Put what :func:`count_values` found in several images together.

    Args:
        counts: Of each image.
        *groups: Names of the groups.

    Returns:
        The values (N,), rising, and for each group (N,) its sum at each value.
    """
    values, where = np.unique(
        np.concatenate([count['values'] for count in counts]), return_inverse=True
    )
    return values, *(
        np.bincount(where, np.concatenate([c[group] for c in counts]), len(values))
        for group in groups
    )


def count_pixels(heat: np.ndarray, defects: Regions) -> dict[str, np.ndarray]:
    """Count the values of a heat map on the defects and elsewhere.

    Args:
        heat: (H, W), finite.
        defects: Of the true mask (H, W).

    Returns:
        As :func:`count_values`, of ``positives``, ``negatives`` and ``overlaps``: the
        pixels on a defect, each counted as one over the area of its defect.
    """
    shares = np.concatenate(([0.0], 1 / defects.areas))[defects.labels]
    truth = defects.labels > 0
    return count_values(heat, positives=truth, negatives=~truth, overlaps=shares)


def measure_pixels(
    counts: Sequence[dict], max_fpr: float = 0.3
) -> tuple[dict[str, float], tuple[float, float] | None]:
    """``pixel_auroc`` and ``pro`` in %, and :func:`best_dice`.

    Args:
        counts: Of each image, by :func:`count_pixels`.
        max_fpr: Of :func:`overlap_area`.

    Returns:
        Nothing and None where no pixel is on a defect, or all are.
    """
    values, positives, negatives, overlaps = pool_counts(
        counts, 'positives', 'negatives', 'overlaps'
    )
    if not (positives.any() and negatives.any()):
        return {}, None
    areas = dict(
        pixel_auroc=100 * roc_area(values, positives, negatives),
        pro=100 * overlap_area(overlaps, negatives, max_fpr),
    )
    return areas, best_dice(values, positives, negatives)


def roc_area(values: np.ndarray, positives: np.ndarray, negatives: np.ndarray) -> float:
    """Area under the ROC curve, in [0, 1].

    Args:
        values: (N,), rising.
        positives: (N,), number of pixels of each value on a defect; not all 0.
        negatives: (N,), number of pixels of each value elsewhere; not all 0.
    """
    return roc_auc_score(
        np.repeat([1, 0], len(values)),
        np.tile(values, 2),
        sample_weight=np.concatenate((positives, negatives)),
    )


def overlap_area(
    overlaps: np.ndarray, negatives: np.ndarray, max_fpr: float = 0.3
) -> float:
    """Area under the curve of the per-region overlap, in [0, 1].

    Of each defect the fraction that the threshold marks, averaged over the defects, so
    that a small one counts as much as a large one; over the fraction of the defect-free
    pixels that it marks wrongly, up to a limit, and divided by that limit. (Bergmann et
    al., *Uninformed Students*, CVPR 2020, section 4.)

    Args:
        overlaps: (N,), at each value, rising, the pixels on a defect, each counted as
            one over the number of pixels of its defect; not all 0.
        negatives: (N,), number of pixels of each value elsewhere; not all 0.
        max_fpr: The limit, in (0, 1].
    """
    overlap, fpr = (
        np.concatenate(([0], group[::-1].cumsum() / group.sum()))
        for group in (overlaps, negatives)
    )
    inside = fpr <= max_fpr
    limit = np.interp(max_fpr, fpr, overlap)
    area = auc(
        np.append(fpr[inside], max_fpr),
        np.append(overlap[inside], limit),
    )
    return area / max_fpr


def best_dice(
    values: np.ndarray, positives: np.ndarray, negatives: np.ndarray
) -> tuple[float, float]:
    """Highest Dice (of images: F1) of ``value > threshold``, and the threshold.

    Args:
        values: (N,), rising.
        positives: (N,), number of pixels of each value on a defect; not all 0.
        negatives: (N,), number of pixels of each value elsewhere.

    Returns:
        Dice in [0, 1], and the threshold, midway between two of ``values``.
    """
    above = positives[::-1].cumsum()[::-1]
    marked = above + negatives[::-1].cumsum()[::-1]
    dice = 2 * above / (marked + positives.sum())
    best = int(dice.argmax())
    below = values[best - 1] if best else values[best] - 1
    return float(dice[best]), float((values[best] + below) / 2)


def to_numpy(values) -> np.ndarray:
    """A tensor of any device, or what is an array already."""
    return np.asarray(values.cpu() if hasattr(values, 'cpu') else values)
