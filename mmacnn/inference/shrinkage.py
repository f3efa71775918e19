# Copyright (c) mmacnn authors. All rights reserved.
"""Photographs that the test pipeline makes so small that small things vanish."""

import logging

import numpy as np
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement

from mmacnn.utils.text import printable

WARN_FROM = 4.0  # Times smaller.
VISIBLE = (2, 3)  # Pixels after resizing, below which nothing is seen.


class Shrinkage:
    """Counts the images that become several times smaller; warns of the first.

    Nobody knows of a checkpoint how large the photographs were that it learned from:
    what counts is how much is lost of these.
    """

    def __init__(self) -> None:
        self.count, self.factor = 0, 0.0

    def note(self, name: str, size: tuple[int, int], factor: float) -> None:
        """Take an image.

        Args:
            name: Of the image.
            size: (H, W) of it in pixels.
            factor: How many times smaller the model sees it, by its longer way.
        """
        if factor < WARN_FROM:
            return
        if not self.count:
            line = (
                f'{name}: {size[1]}x{size[0]} pixels are made {factor:.1f} times '
                f'smaller for the model: {vanishing(factor)}. If small things count, '
                'train and test with a larger `scale` of Resize, cut the photographs '
                'before, or look at them in tiles: `--tile`'
            )
            print_log(printable(line), logger='current', level=logging.WARNING)
        self.count += 1
        self.factor = max(self.factor, factor)

    def summary(self) -> str:
        """One line on all images; '' where none became much smaller."""
        if not self.count:
            return ''
        images = '1 image' if self.count == 1 else f'{self.count} images'
        return (
            f'{images} made up to {self.factor:.1f} times smaller: '
            f'{vanishing(self.factor)}'
        )


def note_shrink_factor(packed: dict, image: np.ndarray, is_cropped: bool) -> None:
    """Give a data sample ``shrink_factor``: how many times smaller its input is.

    Args:
        packed: What the pipeline returned: ``inputs`` (C, h, w) and ``data_samples``.
        image: (H, W, C) that went into it.
        is_cropped: Whether the pipeline crops. Then the sizes tell nothing, but the
            ``scale_factor`` of the sample does, if it has one.
    """
    inputs, sample = packed.get('inputs'), packed.get('data_samples')
    if inputs is None or not isinstance(sample, BaseDataElement):
        return
    if is_cropped:
        factor = 1 / min(sample.get('scale_factor', (1.0,))[:2])
    else:
        sizes = zip(image.shape[:2], inputs.shape[-2:], strict=True)
        factor = max(before / after for before, after in sizes)
    sample.set_metainfo(dict(shrink_factor=factor))


def vanishing(factor: float) -> str:
    """What is lost of an image that is made ``factor`` times smaller."""
    least, most = (round(factor * pixels) for pixels in VISIBLE)
    return (
        f'what is below {least} to {most} pixels there is below {VISIBLE[0]} to '
        f'{VISIBLE[1]} then, and vanishes'
    )
