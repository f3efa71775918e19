# Copyright (c) mmacnn authors. All rights reserved.
"""Show the few images with a box or a mask often enough."""

import math
from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dataset import DefaultSampler

from mmacnn.registry import DATA_SAMPLERS
from mmacnn.utils import InputError


@DATA_SAMPLERS.register_module()
class LabelledFractionSampler(DefaultSampler):
    """Every image once an epoch, and those with a box or mask as often as it takes.

    With boxes on 5 % of the images, a plain shuffle gives a batch of 16 less than one
    box. Here the images with a box or a mask are repeated until they make up
    ``labelled_fraction`` of the epoch, which grows by the repetitions. Where they are
    that many already, nothing is repeated.

    Args:
        dataset: Its ``get_data_info(i)`` has ``gt_bboxes`` (N, 4), N = 0 for no box, or
            ``mask_path``, absent or None where there is none.
        labelled_fraction: Smallest fraction of images with a box or mask, in [0, 1).
        shuffle: Whether to shuffle, by the seed and the epoch's number.
        seed: Seed; by default one that all processes share.

    Raises:
        InputError: ``labelled_fraction`` is out of range.
    """

    def __init__(
        self,
        dataset: Sized,
        labelled_fraction: float = 0.25,
        shuffle: bool = True,
        seed: int | None = None,
    ) -> None:
        if not 0 <= labelled_fraction < 1:
            raise InputError(
                f'LabelledFractionSampler: labelled_fraction is {labelled_fraction!r}, '
                'expected a number in [0, 1)'
            )
        super().__init__(dataset, shuffle, seed)
        labelled = [i for i in range(len(dataset)) if _has_place(dataset, i)]
        images = len(dataset)
        # (labelled + extra) / (images + extra) = labelled_fraction, solved for extra.
        extra = (labelled_fraction * images - len(labelled)) / (1 - labelled_fraction)
        extra = math.ceil(extra - 1e-9) if labelled and extra > 0 else 0
        self.indices = np.concatenate(
            (np.arange(images), np.resize(labelled, extra).astype(int))
        )
        self.num_samples = math.ceil(len(self.indices) / self.world_size)
        self.total_size = self.num_samples * self.world_size

    def __iter__(self) -> Iterator[int]:
        """Yield this process's indices of the dataset."""
        indices = self.indices
        if self.shuffle:
            # RandomState, since its numbers are the same in every numpy version.
            order = np.random.RandomState((self.seed + self.epoch) % 2**32)
            indices = indices[order.permutation(len(indices))]
        indices = np.resize(indices, self.total_size)
        return iter(indices[self.rank :: self.world_size].tolist())


def _has_place(dataset: Sized, index: int) -> bool:
    """Whether a box or a mask tells where to look on an image."""
    info = dataset.get_data_info(index)
    return len(info.get('gt_bboxes', ())) > 0 or info.get('mask_path') is not None
