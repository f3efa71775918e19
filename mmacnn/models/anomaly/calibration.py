# Copyright (c) mmacnn authors. All rights reserved.

import torch
from torch import Tensor, nn

from mmacnn.ops import best_f1_threshold, false_alarm_threshold, share_below

CHOICES = ('false_alarm_rate', 'best_f1')


def check_choice(by: str, false_alarm_rate: float) -> None:
    """Refuse what :meth:`ScoreCalibration.fit` could not do.

    Raises:
        ValueError: ``by`` is unknown, or the rate is out of range.
    """
    if by not in CHOICES:
        raise ValueError(f'by: found {by!r}, expected one of {CHOICES}')
    if not 0 <= false_alarm_rate < 1:
        raise ValueError(
            f'false_alarm_rate: found {false_alarm_rate}, expected 0 <= rate < 1'
        )


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
        false_alarm_rate: float = 0.05,
        by: str = 'false_alarm_rate',
    ) -> str:
        """Choose the threshold, and the level of the map.

        Args:
            scores: (N,) raw anomaly scores of validation images.
            labels: (N,), 0 for a good image.
            map_peaks: (N,), the largest value of each map, where there are maps.
            false_alarm_rate: Share of good images that may be reported, [0, 1); of the
                maps too.
            by: 'false_alarm_rate', or 'best_f1' where defects are labelled.

        Returns:
            A line for the log.

        Raises:
            ValueError: There is no good image, ``by`` is unknown, or 'best_f1' has no
                defective image.
        """
        check_choice(by, false_alarm_rate)
        scores, labels = scores.detach().cpu(), labels.detach().cpu()
        good = scores[labels == 0].sort().values
        if by == 'best_f1':
            threshold, f1 = best_f1_threshold(scores, labels)
            line = f'best F1, {f1:.3f}, on {len(scores)} validation images'
        else:
            threshold = false_alarm_threshold(good, false_alarm_rate)
            above = int((good > threshold).sum())
            line = f'{above} of {len(good)} good validation images are above it'
            if false_alarm_rate * len(good) < 1:
                line += (
                    f'; too few to tell a false alarm rate of {false_alarm_rate:g}: '
                    'it is the highest score of a good one'
                )
        self._set('threshold', torch.tensor(threshold))
        self._set('good_scores', good)
        if map_peaks is not None:
            peaks = map_peaks.detach().cpu()[labels == 0]
            level = false_alarm_threshold(peaks, false_alarm_rate)
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
        below = share_below(scores, self.good_scores)
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
