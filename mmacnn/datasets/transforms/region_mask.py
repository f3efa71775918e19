# Copyright (c) mmacnn authors. All rights reserved.
"""The region that is meant, as a mask that travels with its image."""

import os
import zlib

import numpy as np

from mmacnn.datasets.regions import decode_region
from mmacnn.registry import TRANSFORMS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number

from .base import Transform, uint8_image


@TRANSFORMS.register_module()
class LoadRegionMask(Transform):
    """Make the mask of the region.

    Required keys: ``img`` (H, W, 3) and ``region``, see
    :func:`mmacnn.datasets.regions.decode_region`; ``instance_id`` for messages, if any.
    Added keys: ``gt_seg_map`` (H, W) uint8, 1 on the region and 0 elsewhere, and
    ``region_fraction``, the region's fraction of the image's area.

    Raises:
        InputError: There is no ``region``.
        FileNotFoundError, InputError: The region is wrong.
    """

    def transform(self, results: dict) -> dict:
        """Add ``gt_seg_map`` and ``region_fraction``."""
        where = str(results.get('img_path', 'the image'))
        if 'region' not in results:
            raise InputError(
                f'{where}: found no region, expected one: of a '
                'mmacnn.CocoRegionDataset or mmacnn.RegionFolderDataset, or given to '
                'the Inspector'
            )
        if 'instance_id' in results:
            where = f'{where}, annotation {results["instance_id"]}'
        size = results['img'].shape[:2]
        results['gt_seg_map'] = decode_region(results['region'], size, where)
        results['region_fraction'] = float(results['gt_seg_map'].mean())
        return results


@TRANSFORMS.register_module()
class StandInRegion(Transform):
    """An ellipse in the place of a region, for images of which none is known.

    What a model says of it means nothing, but two forms of one model must say the same.
    Place and size follow from the image's name. Keys: see :class:`LoadRegionMask`.
    """

    def transform(self, results: dict) -> dict:
        """Add ``gt_seg_map`` and ``region_fraction``."""
        name = os.path.basename(str(results.get('img_path') or ''))
        random = np.random.default_rng(zlib.crc32(name.encode()))
        size = np.array(results['img'].shape[:2])
        half = random.uniform(0.1, 0.4, 2) * size
        centre = random.uniform(half, size - half)
        rows, columns = np.ogrid[: size[0], : size[1]]
        away = ((rows - centre[0]) / half[0]) ** 2
        away = away + ((columns - centre[1]) / half[1]) ** 2
        results['gt_seg_map'] = (away <= 1).astype(np.uint8)
        results['region_fraction'] = float(results['gt_seg_map'].mean())
        return results


@TRANSFORMS.register_module()
class AddMaskChannel(Transform):
    """Make the region's mask the last channel of the image.

    To be put behind all other transforms of the image: they know three channels.
    Required key: ``gt_seg_map`` (H, W). Modified key: ``img`` (H, W, 3) to (H, W, 4).
    """

    def transform(self, results: dict) -> dict:
        """Widen ``img``."""
        image = uint8_image(results, type(self).__name__)
        results['img'] = np.dstack((image, results['gt_seg_map']))
        return results


@TRANSFORMS.register_module()
class BlackOutBackground(Transform):
    """Leave of the image what lies on the region.

    Required key: ``gt_seg_map`` (H, W). Modified key: ``img`` (H, W, 3).

    Args:
        fill: Colour of the rest, BGR in [0, 255]. The mean of the data preprocessor is
            0 to the network.
    """

    def __init__(self, fill: tuple[float, float, float] = (0, 0, 0)) -> None:
        self.fill = tuple(
            check_number(f'{type(self).__name__}: fill', value, 0, 255)
            for value in fill
        )

    def transform(self, results: dict) -> dict:
        """Paint ``img``."""
        image = uint8_image(results, type(self).__name__).copy()
        image[results['gt_seg_map'] == 0] = np.round(self.fill)
        results['img'] = image
        return results
