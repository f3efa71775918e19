# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch
from torch import Tensor

from mmacnn.ops import rotate, rotations
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

FLIPS = dict(horizontal=3, vertical=2)


@MODELS.register_module()
class RotatedViews:
    """How often and how an image is rotated and flipped before it is scored.

    The defaults are DifferNet's. For parts that always lie alike a rotation is itself
    an anomaly: ``degrees=0`` or few, and ``num_train=num_test=1`` where nothing varies.

    Rotations are bilinear, about the middle, with the data set's mean colour (zeros
    after the normalization) from outside the image, where the reference has black.

    Args:
        num_train: Random views of an image in training, 1 or more.
        num_test: Views in testing, always the same ones, 1 or more; angles evenly
            spread.
        degrees: Largest angle either way, 0 to 180; 180 is the whole circle.
        flips: 'horizontal', 'vertical': random in training, and with each angle in
            testing in turn.

    Raises:
        InputError: A setting is out of its range.
    """

    def __init__(
        self,
        num_train: int = 4,
        num_test: int = 64,
        degrees: float = 180.0,
        flips: Sequence[str] = (),
    ) -> None:
        if num_train < 1 or num_test < 1:
            raise InputError(
                f'RotatedViews: num_train is {num_train} and num_test {num_test}, '
                'expected 1 or more'
            )
        if not 0 <= degrees <= 180:
            raise InputError(
                f'RotatedViews: degrees is {degrees}, expected 0 <= degrees <= 180'
            )
        if not set(flips) <= set(FLIPS):
            raise InputError(
                f'RotatedViews: flips is {tuple(flips)}, expected any of {tuple(FLIPS)}'
            )
        self.num_train = num_train
        self.num_test = num_test
        self.degrees = float(degrees)
        self.flips = [FLIPS[flip] for flip in flips]

    def random(self, images: Tensor) -> Tensor:
        """Random views (B, num_train, C, H, W) of images (B, C, H, W)."""
        views = images.repeat_interleave(self.num_train, 0)
        if self.degrees:
            angles = (2 * torch.rand(len(views)) - 1) * self.degrees
            views = rotate(views, angles.to(views))
        for axis in self.flips:
            chosen = (torch.rand(len(views)) < 0.5).to(views.device)
            views = torch.where(chosen[:, None, None, None], views.flip(axis), views)
        return views.unflatten(0, (len(images), self.num_train))

    @property
    def angles(self) -> list[float]:
        """Degrees of each view in testing, (num_test,), quarter turns together."""
        count = self.num_test
        if self.degrees == 180:
            circle = [360 * index / count for index in range(count)]
            return sorted(circle, key=lambda angle: (angle % 90, angle))
        if count == 1:
            return [0.0]
        step = 2 * self.degrees / (count - 1)
        return [index * step - self.degrees for index in range(count)]

    def fixed(self, images: Tensor, indices: Sequence[int]) -> Tensor:
        """The N views of these indices in testing.

        Args:
            images: (B, C, H, W).
            indices: N of 0 to ``num_test - 1``.

        Returns:
            (B, N, C, H, W).
        """
        angles = self.angles
        views = rotations(images, [angles[index] for index in indices])
        if not self.flips:
            return views
        each = zip(views.unbind(1), indices, strict=True)
        return torch.stack([self._flip(view, index) for view, index in each], 1)

    def restored(self, maps: Tensor, indices: Sequence[int]) -> Tensor:
        """Maps (B, N, C, H, W) of the views of these indices, back on the image."""
        angles = self.angles
        each = zip(maps.unbind(1), indices, strict=True)
        return torch.cat(
            [
                rotations(self._flip(view, index), (-angles[index],))
                for view, index in each
            ],
            1,
        )

    def _flip(self, images: Tensor, index: int) -> Tensor:
        """The flip of the view of this index: none, each one, and both, in turn."""
        for bit, axis in enumerate(self.flips):
            if index >> bit & 1:
                images = images.flip(axis)
        return images
