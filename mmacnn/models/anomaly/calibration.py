# Copyright (c) mmacnn authors. All rights reserved.

import torch
from torch import Tensor, nn

from mmacnn.ops import best_f1_threshold, fpr_threshold, fraction_below
from mmacnn.utils import InputError

CHOICES = ('max_fpr', 'best_f1')


def check_choice(by: str, max_fpr: float) -> None:
    """Refuse what :meth:`ScoreCalibration.fit` could not do.

    Raises:
        InputError: ``by`` is unknown, or the rate is out of range.
    """
    if by not in CHOICES:
        raise InputError(f'by: found {by!r}, expected one of {CHOICES}')
    if not 0 <= max_fpr < 1:
        raise InputError(f'max_fpr: found {max_fpr}, expected 0 <= rate < 1')


class ScoreCalibration(nn.Module):
    """What a raw anomaly score means, learned from validation images.

    Its buffers are in the checkpoint: ``threshold`` (), above which an image is
    defective; ``good_scores`` (N,), those of good images, rising; ``map_level`` (), the
    value of a localizer's map above which a place is. All are NaN or empty at first.
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
        by: str = 'max_fpr',
    ) -> str:
        """Choose the threshold, and the level of the map.

        Args:
            scores: (N,) raw anomaly scores of validation images.
            labels: (N,), 0 for a good image.
            map_peaks: (N,), the largest value of each map, where there are maps.
            max_fpr: Share of good images that may be reported, [0, 1); of the
                maps too.
            by: 'max_fpr', or 'best_f1' where defects are labelled.

        Returns:
            A line for the log.

        Raises:
            InputError: There is no good image, ``by`` is unknown, or 'best_f1' has no
                defective image.
        """
        check_choice(by, max_fpr)
        scores, labels = scores.detach().cpu(), labels.detach().cpu()
        good = scores[labels == 0].sort().values
        if by == 'best_f1':
            threshold, f1 = best_f1_threshold(scores, labels)
            line = f'best F1, {f1:.3f}, on {len(scores)} validation images'
        else:
            threshold = fpr_threshold(good, max_fpr)
            above = int((good > threshold).sum())
            line = f'{above} of {len(good)} good validation images are above it'
            if max_fpr * len(good) < 1:
                line += (
                    f'; too few to tell a false alarm rate of {max_fpr:g}: '
                    'it is the highest score of a good one'
                )
        self._set('threshold', torch.tensor(threshold))
        self._set('good_scores', good)
        if map_peaks is not None:
            peaks = map_peaks.detach().cpu()[labels == 0]
            level = fpr_threshold(peaks, max_fpr)
            self._set('map_level', torch.tensor(level))
        return f'anomaly threshold {threshold:.4g}: {line}'

    def _set(self, name: str, value: Tensor) -> None:
        buffer = getattr(self, name)
        setattr(self, name, value.to(device=buffer.device, dtype=buffer.dtype))

    def pair(self, scores: Tensor) -> Tensor:
        """Share of good images that score at least as high, and lower.

        Args:
            scores: (B,).

        Returns:
            (B, 2), in [0, 1], the sum is 1.
        """
        below = fraction_below(scores, self.good_scores)
        return torch.stack((1 - below, below), 1)

    def evidence(self, maps: Tensor) -> Tensor:
        """``log(map / map_level)``, so that 0 is where good images end."""
        return (maps.clamp(min=1e-12) / self.map_level).log()

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        # There are as many scores as there were good images.
        saved = state_dict.get(prefix + 'good_scores')
        if saved is not None:
            self.good_scores = self.good_scores.new_zeros(saved.shape)
        super()._load_from_state_dict(state_dict, prefix, *args)
