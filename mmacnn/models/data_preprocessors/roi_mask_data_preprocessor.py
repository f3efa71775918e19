# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .image_data_preprocessor import ImageDataPreprocessor

CHANNELS = 4


@MODELS.register_module()
class RoIMaskDataPreprocessor(ImageDataPreprocessor):
    """For images whose last channel is the mask of a region.

    Colours are normalised and put in order; the mask stays as it is, 0 and 1.

    Args:
        mean: Of the three colours, in the order that the model takes them; 0 by
            default, for the mask always.
        std: The same; 1 by default, for the mask always.
        to_rgb: Whether to turn BGR into RGB.
        **kwargs: Others of :class:`ImageDataPreprocessor`.

    Raises:
        InputError: ``mean`` or ``std`` is not three numbers, or an input has not four
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
                raise InputError(
                    f'RoIMaskDataPreprocessor: {name} is {values!r}, expected three '
                    'numbers: of the colours, without the mask'
                )
        super().__init__([*mean, 0.0], [*std, 1.0], to_rgb=to_rgb, **kwargs)

    def _order(self, channels: int) -> Sequence[int]:
        if channels != CHANNELS:
            raise InputError(
                f'RoIMaskDataPreprocessor: found {channels} channels, expected '
                f'{CHANNELS}: the colours and the mask (mmacnn.AddMaskChannel in the '
                'pipeline)'
            )
        return [2, 1, 0, 3] if self.to_rgb else list(range(CHANNELS))
