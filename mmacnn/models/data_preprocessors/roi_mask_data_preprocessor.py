# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import torch
from mmpretrain.models import ClsDataPreprocessor
from torch import Tensor

from mmacnn.registry import MODELS

CHANNELS = 4


@MODELS.register_module()
class RoIMaskDataPreprocessor(ClsDataPreprocessor):
    """mmpretrain's, for images whose last channel is the mask of a region.

    Colours are normalised and put in order; the mask stays as it is, 0 and 1.

    Args:
        mean: Of the three colours, in the order that the model takes them; 0 by
            default, for the mask always.
        std: The same; 1 by default, for the mask always.
        to_rgb: Whether to turn BGR into RGB.
        **kwargs: Others of :class:`mmpretrain.ClsDataPreprocessor`.

    Raises:
        ValueError: ``mean`` or ``std`` is not three numbers, or an input has not four
            channels.
    """

    def __init__(
        self,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        to_rgb: bool = False,
        **kwargs,
    ) -> None:
        for name, values in dict(mean=mean, std=std).items():
            if len(values) != CHANNELS - 1:
                raise ValueError(
                    f'RoIMaskDataPreprocessor: {name} is {values!r}, expected three '
                    'numbers: of the colours, without the mask'
                )
        super().__init__([*mean, 0.0], [*std, 1.0], to_rgb=to_rgb, **kwargs)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise a batch.

        Args:
            data: ``inputs``, (B, 4, H, W) or a list of (4, H, W), and maybe
                ``data_samples``.
            training: Whether to augment the batch.

        Returns:
            The same with ``inputs`` (B, 4, H, W) float.
        """
        inputs = data['inputs']
        if isinstance(inputs, Tensor):
            inputs = self._in_order(inputs, 1)
        else:
            inputs = [self._in_order(image, 0) for image in inputs]
        return super().forward(dict(data, inputs=inputs), training)

    def _in_order(self, image: Tensor, dim: int) -> Tensor:
        """The channels of an image as the model takes them."""
        if image.shape[dim] != CHANNELS:
            raise ValueError(
                f'RoIMaskDataPreprocessor: found {image.shape[dim]} channels, expected '
                f'{CHANNELS}: the colours and the mask (mmacnn.AddMaskChannel in the '
                'pipeline)'
            )
        if not self.to_rgb:
            return image
        order = torch.tensor([2, 1, 0, 3], device=image.device)
        return image.index_select(dim, order)
