# Copyright (c) mmacnn authors. All rights reserved.

import torch
from torch import Tensor, nn

from mmacnn.ops import (
    FprThreshold,
    best_f1_threshold,
    check_rates,
    fpr_threshold,
    fraction_below,
    promised_fpr,
    threshold_rank,
)
from mmacnn.utils import InputError

CHOICES = ('max_fpr', 'best_f1')


def check_choice(by: str, max_fpr: float, confidence: float | None = None) -> None:
    """Refuse what :meth:`ScoreCalibration.fit` could not do.

    Raises:
        InputError: ``by`` is unknown, or a rate is out of range.
    """
    if by not in CHOICES:
        raise InputError(f'by: found {by!r}, expected one of {CHOICES}')
    try:
        check_rates(max_fpr, confidence)
    except ValueError as error:
        raise InputError(str(error)) from None


class ScoreCalibration(nn.Module):
    """What a raw anomaly score means, learned from validation images.

    Its buffers are in the checkpoint: ``threshold`` (), above which an image is
    defective; ``good_scores`` (N,), those of good images, rising; ``map_level`` (), the
    value of a saliency's map above which a place is. All are NaN or empty at first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer('threshold', torch.tensor(float('nan')))
        self.register_buffer('good_scores', torch.zeros(0))
        self.register_buffer('map_level', torch.tensor(float('nan')))

    @property
    def is_known(self) -> bool:
        """Whether there is a threshold."""
        return len(self.good_scores) > 0

    def fit(
        self,
        scores: Tensor,
        labels: Tensor,
        map_peaks: Tensor | None = None,
        max_fpr: float = 0.05,
        confidence: float | None = None,
        by: str = 'max_fpr',
    ) -> str:
        """Choose the threshold, and the level of the map.

        Args:
            scores: (N,) raw anomaly scores of images that were not learned from.
            labels: (N,), 0 for a good image.
            map_peaks: (N,), the largest value of each map, where there are maps.
            max_fpr: Fraction of good images that may be reported, [0, 1); of the
                maps too. See :func:`mmacnn.ops.fpr_threshold`.
            confidence: With which ``max_fpr`` shall hold, in (0, 1); None for the
                expected rate.
            by: 'max_fpr', or 'best_f1' where defects are labelled; then the level of
                the map alone follows ``max_fpr``.

        Returns:
            A line for the log.

        Raises:
            InputError: There is no good image, a setting is wrong, or 'best_f1' has no
                defective image.
        """
        check_choice(by, max_fpr, confidence)
        scores, labels = scores.detach().cpu(), labels.detach().cpu()
        good = scores[labels == 0].sort().values
        if not len(good):
            raise InputError(
                'found no score of a good image to choose the threshold by, expected '
                'one at least'
            )
        if by == 'best_f1':
            try:
                threshold, f1 = best_f1_threshold(scores, labels)
            except ValueError as error:
                raise InputError(str(error)) from None
            line = f'best F1, {f1:.3f}, on {len(scores)} validation images'
        else:
            found = fpr_threshold(good, max_fpr, confidence)
            threshold = found.value
            line = describe_promise(found, len(good), max_fpr, confidence)
        self._set('threshold', torch.tensor(threshold))
        self._set('good_scores', good)
        if map_peaks is not None:
            peaks = map_peaks.detach().cpu()[labels == 0]
            level = fpr_threshold(peaks, max_fpr, confidence).value
            self._set('map_level', torch.tensor(level))
        return f'anomaly threshold {threshold:.4g}: {line}'

    def _set(self, name: str, value: Tensor) -> None:
        buffer = getattr(self, name)
        setattr(self, name, value.to(device=buffer.device, dtype=buffer.dtype))

    def calibrated_scores(self, scores: Tensor) -> Tensor:
        """Fraction of good images that score at least as high, and lower.

        Args:
            scores: (B,).

        Returns:
            (B, 2), in [0, 1], the sum is 1.
        """
        below = fraction_below(scores, self.good_scores)
        return torch.stack((1 - below, below), 1)

    def log_ratio(self, maps: Tensor) -> Tensor:
        """``log(map / map_level)``, so that 0 is where good images end."""
        return (maps.clamp(min=1e-12) / self.map_level).log()

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        # There are as many scores as there were good images.
        saved = state_dict.get(prefix + 'good_scores')
        if saved is not None:
            self.good_scores = self.good_scores.new_zeros(saved.shape)
        super()._load_from_state_dict(state_dict, prefix, *args)


# Of 20 data sets, one has a false positive rate above the bound of this confidence.
UNLUCKY = 0.95


def describe_promise(
    found: FprThreshold, count: int, max_fpr: float, confidence: float | None
) -> str:
    """What a threshold from ``count`` good images promises, in words."""
    surely = '' if confidence is None else f' with {100 * confidence:g} % confidence'
    promised = f'{100 * found.promised_fpr:.3g} %'
    expected = '' if confidence else 'expected '
    rate = f'{expected}false positive rate'
    if found.promised_fpr <= max_fpr + 1e-9:
        line = f'{rate} at most {promised}{surely}, from {count} good images'
        if confidence is None:
            rank = threshold_rank(count, max_fpr)
            most = 100 * promised_fpr(count, rank, UNLUCKY)
            line += f'; of 20 such sets of images one has {most:.2g} % or more'
        return line
    images = '1 good image' if count == 1 else f'{count} good images'
    article = 'an' if expected else 'a'
    line = f'{images} cannot promise {article} {rate} of {100 * max_fpr:g} %{surely}'
    if found.num_needed is not None:
        line += f', {found.num_needed} can'
    line += f'; the largest score promises {promised}'
    if found.is_extrapolated:
        line += (
            '; the threshold lies above it, where a tail fitted to the upper half of '
            f'the scores has {100 * max_fpr:g} %'
        )
    elif max_fpr == 0 or count == 1:
        line += ' and is the threshold'
    return line
