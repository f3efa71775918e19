# Copyright (c) mmacnn authors. All rights reserved.
"""Show every class equally often."""

import math
from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dataset import DefaultSampler

from mmacnn.registry import DATA_SAMPLERS
from mmacnn.utils import InputError


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(DefaultSampler):
    """Draw a class, then a sample of it, each with equal chances.

    Eppel, arXiv 1812.00291: with COCO's frequencies, nearly half of what is learned
    would be persons, chairs and cars. Drawing is with replacement, by the seed and the
    epoch's number.

    Args:
        dataset: Its ``get_data_info(i)`` has ``gt_label``, a whole number.
        num_samples: Samples in an epoch, of all processes together. By default as many
            as the data set has.
        seed: Seed; by default one that all processes share.

    Raises:
        InputError: ``num_samples`` is less than 1.
    """

    def __init__(
        self, dataset: Sized, num_samples: int | None = None, seed: int | None = None
    ) -> None:
        super().__init__(dataset, shuffle=True, seed=seed)
        if num_samples is not None and num_samples < 1:
            raise InputError(
                f'ClassBalancedSampler: num_samples is {num_samples}, expected 1 or '
                'more'
            )
        labels = np.array(
            [int(dataset.get_data_info(i)['gt_label']) for i in range(len(dataset))]
        )
        _, counts = np.unique(labels, return_counts=True)
        # The samples of a class lie together, from `first` on.
        self.by_class = np.argsort(labels, kind='stable')
        self.counts, self.first = counts, np.cumsum(counts) - counts
        each = (num_samples or len(dataset)) / self.world_size
        self.num_samples = math.ceil(each)
        self.total_size = self.num_samples * self.world_size

    def __iter__(self) -> Iterator[int]:
        """Yield this process's indices of the dataset."""
        # RandomState, since its numbers are the same in every numpy version.
        random = np.random.RandomState((self.seed + self.epoch) % 2**32)
        chosen = random.randint(len(self.counts), size=self.total_size)
        counts = self.counts[chosen]
        place = (random.random_sample(self.total_size) * counts).astype(int)
        indices = self.by_class[self.first[chosen] + np.minimum(place, counts - 1)]
        return iter(indices[self.rank :: self.world_size].tolist())
