# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import numpy as np
from mmengine.structures import BaseDataElement

from mmacnn.datasets.regions import Region, decode_region
from mmacnn.utils import InputError

from .finite import NOT_FINITE, is_finite
from .regions import RegionInferencer


class RegionInspection:
    """Name the same regions on every image of a station, for :class:`Inspector`.

    Args:
        inferencer (RegionInferencer): Says what a region is.
        regions (Sequence): Masks, boxes or polygons, see
            :func:`mmacnn.datasets.regions.decode_region`.

    Raises:
        InputError: There is no region.
    """

    batch_size = None

    def __init__(self, inferencer: RegionInferencer, regions: Sequence[Region]) -> None:
        if not regions:
            raise InputError(
                'regions: found none, expected a mask, a box or a polygon for a model '
                'that names regions'
            )
        self.inferencer, self.regions = inferencer, regions
        self.classes, self.load = inferencer.classes, inferencer.load

    def fuse_conv_bn(self) -> None:
        """See :meth:`ImageInferencer.fuse_conv_bn`."""
        self.inferencer.fuse_conv_bn()

    def predict(
        self, images: Sequence[np.ndarray], names: Sequence[str]
    ) -> list[BaseDataElement]:
        """Name the regions of each image.

        Args:
            images (Sequence[np.ndarray]): Each (H, W, 3) uint8 BGR.
            names (Sequence[str]): Of the images, for messages.

        Returns:
            list: For each image ``masks``, each (H, W) bool, and ``results``, a dict
            for each region as of :class:`RegionInferencer`.

        Raises:
            InputError: A region does not fit an image.
        """
        predictions = []
        for image, name in zip(images, names, strict=True):
            masks = [
                decode_region(region, image.shape[:2], f'{name}, region {number}')
                for number, region in enumerate(self.regions, start=1)
            ]
            prediction = BaseDataElement()
            prediction.set_field(masks, 'masks')
            prediction.set_field(
                self.inferencer.name_regions(image, name, masks), 'results'
            )
            predictions.append(prediction)
        return predictions

    def problem_of(self, prediction: BaseDataElement) -> str:
        """Why a prediction says nothing of its image; '' where it does."""
        return '' if is_finite(prediction.results) else NOT_FINITE

    def as_dict(self, prediction: BaseDataElement) -> dict:
        """Boxes, classes and scores of the regions, in their order."""
        columns = dict(
            boxes='region_box',
            labels='pred_label',
            classes='pred_class',
            scores='pred_score',
        )
        found = {
            f'pred_{name}': [result[key] for result in prediction.results]
            for name, key in columns.items()
        }
        return dict(found, is_prompted=True)

    def draw(
        self,
        name: str,
        image: np.ndarray,
        prediction: BaseDataElement,
        show: bool,
        out_file: str | None,
    ) -> None:
        """Draw the regions with their names, in a window or a file."""
        masks, results = prediction.masks, prediction.results
        self.inferencer.draw_names(name, image, masks, results, out_file, show)
