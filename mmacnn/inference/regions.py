# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence
from typing import NamedTuple

import mmcv
import numpy as np
from mmengine.config import Config
from mmpretrain.structures import DataSample

from mmacnn.datasets.regions import Region, decode_region
from mmacnn.datasets.transforms.region_geometry import region_box
from mmacnn.utils import InputError

from .classification import ClassificationInferencer
from .finite import is_finite
from .result import Detection, fields_of_detections


def box_region(box: Sequence[float]) -> list[list[float]]:
    """A box (x, y, width, height), in pixels, as a region.

    Raises:
        InputError: It is not four numbers, or has no area.
    """
    if len(box) != 4 or min(box[2:]) <= 0:
        raise InputError(
            f'box: found {",".join(map(str, box))}, expected x,y,width,height in '
            'pixels, the last two above 0'
        )
    x, y, width, height = box
    return [[x, y, x + width, y, x + width, y + height, x, y + height]]


class PromptedImage(NamedTuple):
    """An image's regions: each mask (H, W) bool, and what the model takes or gives."""

    masks: list[np.ndarray]
    samples: list


class RegionInferencer(ClassificationInferencer):
    """The steps of :class:`Inferencer` for a classifier that names prompt regions.

    Its test pipeline has ``mmacnn.LoadRegionMask``. All regions of an image go through
    the model together.

    Args:
        regions (Sequence): Where the regions are on every image: masks, boxes or
            polygons, see :func:`mmacnn.datasets.regions.decode_region`.
        config (Config): See :class:`Inferencer`.
        weights (str, optional): See there.
        device (str, optional): See there.
        backend_model (str, optional): See there.

    Raises:
        InputError: There is no region.
    """

    def __init__(
        self,
        regions: Sequence[Region],
        config: Config,
        weights: str | None = None,
        device: str | None = None,
        backend_model: str | None = None,
    ) -> None:
        if not regions:
            raise InputError(
                'regions: found none, expected a mask, a box or a polygon for a model '
                'that names regions'
            )
        super().__init__(config, weights, device, backend_model)
        self.regions = regions

    def preprocess(
        self, images: Sequence[np.ndarray], names: Sequence[str]
    ) -> list[PromptedImage]:
        """See :class:`Inferencer`.

        Raises:
            FileNotFoundError, InputError: A region does not fit an image.
        """
        batch = []
        for image, name in zip(images, names, strict=True):
            masks = [
                decode_region(region, image.shape[:2], f'{name}, region {number}')
                for number, region in enumerate(self.regions, start=1)
            ]
            step = self.batch_size or len(masks)
            samples = [
                super(RegionInferencer, self).preprocess(
                    [image] * len(some), [name] * len(some), some
                )
                for some in _chunks([dict(region=mask) for mask in masks], step)
            ]
            batch.append(PromptedImage(masks, samples))
        return batch

    def forward(self, batch: list[PromptedImage]) -> list[PromptedImage]:
        """See :class:`Inferencer`."""
        predict = super().forward
        return [
            PromptedImage(masks, [each for some in samples for each in predict(some)])
            for masks, samples in batch
        ]

    def is_finite(self, prediction: PromptedImage) -> bool:
        """See :class:`Inferencer`."""
        return is_finite(prediction.samples)

    def fields_of(self, prediction: PromptedImage, size: tuple[int, int]) -> dict:
        """See :class:`Inferencer`; the image has the class of its least sure region."""
        detections = tuple(
            self._detection(mask, sample)
            for mask, sample in zip(*prediction, strict=True)
        )
        least = min(detections, key=lambda found: found.score)
        return fields_of_detections(detections, least)

    def shrink_factor(self, prediction: PromptedImage) -> float:
        """See :class:`Inferencer`; all regions are of one image."""
        return super().shrink_factor(prediction.samples[0])

    def visualize(
        self,
        name: str,
        image: np.ndarray,
        prediction: PromptedImage,
        show: bool = False,
        out_file: str | None = None,
    ) -> None:
        """Draw the regions with their names, in a window or a file."""
        # Late, because only pictures need matplotlib.
        from mmacnn.visualization.region_names import draw_region_names

        found = self.fields_of(prediction, image.shape[:2])['detections']
        names = [f'{each.class_name} {each.score:.2f}' for each in found]
        picture = draw_region_names(image[..., ::-1], prediction.masks, names)
        if out_file:
            mmcv.imwrite(picture[..., ::-1], out_file)
        if show:
            self.visualizer.show(picture, win_name=name)

    def _detection(self, mask: np.ndarray, sample: DataSample) -> Detection:
        label = int(sample.pred_label)
        return Detection(
            tuple(map(float, region_box(mask))),
            self.class_name(label),
            float(sample.pred_score[label]),
            label,
            area=float(mask.mean()),
            prompted=True,
        )


def _chunks(items: list, size: int) -> list[list]:
    return [items[start : start + size] for start in range(0, len(items), size)]
