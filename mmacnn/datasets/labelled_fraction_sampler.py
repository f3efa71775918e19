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

    :class:`SelfTrainingHook` gives images a box during the training, see
    :meth:`refresh`.

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
        self.labelled_fraction = labelled_fraction
        self.extra = self._count()
        self.num_samples = math.ceil((len(dataset) + self.extra) / self.world_size)
        self.total_size = self.num_samples * self.world_size

    def refresh(self) -> None:
        """Take note that images of the data set have been given a box.

        An epoch stays as long as it was. Once ``labelled_fraction`` of the images have
        a box, all are repeated alike.
        """
        if self._count() == 0:
            self.repeated = np.arange(len(self.dataset))

    def _count(self) -> int:
        """Find the images to repeat; return how many repetitions it takes."""
        images = len(self.dataset)
        labelled = [i for i in range(images) if _has_place(self.dataset, i)]
        self.repeated = np.array(labelled, int)
        # (labelled + extra) / (images + extra) = labelled_fraction, solved for extra.
        extra = self.labelled_fraction * images - len(labelled)
        extra = math.ceil(extra / (1 - self.labelled_fraction) - 1e-9)
        return extra if labelled and extra > 0 else 0

    def __iter__(self) -> Iterator[int]:
        """Yield this process's indices of the dataset."""
        # RandomState, since its numbers are the same in every numpy version.
        random = np.random.RandomState((self.seed + self.epoch) % 2**32)
        repeated = self.repeated
        if len(repeated) > self.extra:
            repeated = random.permutation(repeated)
        images = np.arange(len(self.dataset))
        indices = np.concatenate((images, np.resize(repeated, self.extra)))
        if self.shuffle:
            indices = indices[random.permutation(len(indices))]
        indices = np.resize(indices, self.total_size)
        return iter(indices[self.rank :: self.world_size].tolist())


def _has_place(dataset: Sized, index: int) -> bool:
    """Whether a box or a mask tells where to look on an image."""
    info = dataset.get_data_info(index)
    return len(info.get('gt_bboxes', ())) > 0 or info.get('mask_path') is not None
