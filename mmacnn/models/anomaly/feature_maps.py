# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence
from contextlib import contextmanager

from torch import Tensor

from mmacnn.ops import local_mean, unit_length
from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .feature_cache import FeatureCache
from .frozen_backbone import FrozenBackbone


@MODELS.register_module()
class FeatureMaps(FrozenBackbone):
    """Local features of several strides, each brought to length 1.

    The length of a feature vector follows contrast and exposure; its direction says
    what is there. Without it, differences of light hide defects.

    Args:
        backbone: Config of a backbone that returns a tuple of maps, the finest first:
            name its ``out_indices``.
        kernel_sizes: Side in cells of the neighbourhood that each map is averaged over,
            odd; 1 for none. One number, or one for each map.
        unit_length: Whether to bring each position's vector to length 1.
        trainable: See :class:`FrozenBackbone`; attention behind a stage acts on the
            maps of that stage and of those behind.
        cache: 'memory', or a folder, to compute the maps of an image once while it is
            learned; None to compute them each time. Only frozen features are kept.
        init_cfg: Config of the initialization.

    Raises:
        InputError: A kernel size is even, or see :class:`FrozenBackbone`.
    """

    def __init__(
        self,
        backbone: dict,
        kernel_sizes: int | Sequence[int] = 1,
        unit_length: bool = True,
        trainable: Sequence[str] = (),
        cache: str | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(backbone, trainable, init_cfg)
        one = isinstance(kernel_sizes, int)
        sizes = (kernel_sizes,) if one else tuple(kernel_sizes)
        if not sizes or any(size < 1 or size % 2 == 0 for size in sizes):
            raise InputError(
                f'FeatureMaps: kernel_sizes is {kernel_sizes}, expected odd numbers'
            )
        self.kernel_sizes = sizes[0] if one else sizes
        self.unit_length = unit_length
        self._cache = None
        if cache is not None and self.is_frozen:
            self._cache = FeatureCache(None if cache == 'memory' else cache)
        self._is_caching = False
        self.register_load_state_dict_post_hook(_forget)

    @contextmanager
    def caching(self):
        """Use the cache also outside of the training: these images come again."""
        before, self._is_caching = self._is_caching, True
        try:
            yield
        finally:
            self._is_caching = before

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Maps (B, C, h, w), the finest first, of images (B, 3, H, W).

        Raises:
            InputError: The backbone returns no maps, or not as many as there are kernel
                sizes.
        """
        if self._cache is not None and (self.training or self._is_caching):
            return self._cache(self, self._maps, images)
        return self._maps(images)

    def _maps(self, images: Tensor) -> tuple[Tensor, ...]:
        maps = self.run_backbone(images)
        sizes = self.kernel_sizes
        sizes = (sizes,) * len(maps) if isinstance(sizes, int) else sizes
        if len(sizes) != len(maps):
            raise InputError(
                f'FeatureMaps: kernel_sizes has {len(sizes)} numbers, expected '
                f'{len(maps)}, one for each map of {type(self.backbone).__name__}'
            )
        maps = tuple(map(local_mean, maps, sizes))
        return tuple(map(unit_length, maps)) if self.unit_length else maps


def _forget(extractor: FeatureMaps, incompatible_keys) -> None:
    if extractor._cache is not None:
        extractor._cache.clear()
