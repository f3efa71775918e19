# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import mmcv
import numpy as np

from mmacnn.datasets.regions import Region, decode_region
from mmacnn.datasets.transforms.region_geometry import region_box
from mmacnn.utils import InputError, atomic_write

from .classification import RoIInferencer
from .finite import NOT_FINITE, is_finite
from .frames import Image, list_images, name_of, read_image


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


class RegionInferencer(RoIInferencer):
    """Say what regions of an image are, and draw it.

    Works with the config of every classifier whose test pipeline has
    ``mmacnn.LoadRegionMask``.

    Args:
        *args, **kwargs: See :class:`RoIInferencer`.

    Example:
        >>> inferencer = RegionInferencer('config.py', 'weights.pth')  # doctest: +SKIP
        >>> inferencer('image.jpg', ['mask.png', box_region((9, 9, 40, 30))])
        ... # doctest: +SKIP
        [{'pred_class': 'washer', 'pred_score': 0.98, ...}, ...]
    """

    def __call__(
        self,
        image: Image,
        regions: Sequence[Region],
        batch_size: int = 8,
        out_file: str = '',
        show: bool = False,
        return_datasamples: bool = False,
    ) -> list:
        """Predict what each region of one image is.

        Args:
            image (str | Path | np.ndarray): An image file, or (H, W, 3) uint8 BGR.
            regions (Sequence): See :func:`mmacnn.datasets.regions.decode_region`;
                :func:`box_region` makes one of a box.
            batch_size (int): Regions that go through the model together.
            out_file (str): Where to save a picture with the regions' names.
            show (bool): Show it in a window until a key is pressed.
            return_datasamples (bool): Return data samples instead of dicts.

        Returns:
            list: For each region, a dict with ``pred_label``, ``pred_class``,
            ``pred_score``, ``pred_scores``, ``region_fraction`` of the image's area,
            and ``region_box`` (xyxy in pixels).

        Raises:
            FileNotFoundError: The image or a mask is missing.
            InputError: The image can't be read, a region is wrong, there is none,
                ``batch_size`` is below 1, or the prediction is not finite.
        """
        if batch_size < 1:
            raise InputError(f'batch_size: expected at least 1, found {batch_size}')
        (image,) = list_images([image])
        name = name_of(image, 0)
        pixels, error = read_image(image, self.load)
        if pixels is None:
            raise InputError(error)
        masks = [
            decode_region(region, pixels.shape[:2], f'{name}, region {number}')
            for number, region in enumerate(regions, start=1)
        ]
        if not masks:
            raise InputError(f'{name}: found no region, expected at least one')
        samples = self._predict_regions(pixels, name, masks, batch_size)
        results = self._as_results(samples, masks)
        if not is_finite(results):
            raise InputError(f'{name}: {NOT_FINITE}')
        if out_file or show:
            self.draw_names(name, pixels, masks, results, out_file, show)
        return samples if return_datasamples else results

    def name_regions(
        self, image: np.ndarray, name: str, masks: Sequence[np.ndarray]
    ) -> list[dict]:
        """Predict what each region of one image is.

        Args:
            image (np.ndarray): (H, W, 3) uint8 BGR.
            name (str): What the data samples have as ``img_path``.
            masks (Sequence[np.ndarray]): Each (H, W) bool.

        Returns:
            list: For each region, a dict as of ``__call__``.
        """
        samples = self._predict_regions(image, name, masks, len(masks))
        return self._as_results(samples, masks)

    def _predict_regions(
        self,
        image: np.ndarray,
        name: str,
        masks: Sequence[np.ndarray],
        batch_size: int,
    ) -> list:
        samples = []
        for start in range(0, len(masks), batch_size):
            batch = [dict(region=mask) for mask in masks[start : start + batch_size]]
            count = len(batch)
            samples += self.predict([image] * count, [name] * count, batch)
        return samples

    def _as_results(self, samples: list, masks: Sequence[np.ndarray]) -> list[dict]:
        return [
            dict(
                self.as_dict(sample),
                region_fraction=float(mask.mean()),
                region_box=list(region_box(mask)),
            )
            for sample, mask in zip(samples, masks, strict=True)
        ]

    def draw_names(
        self,
        name: str,
        image: np.ndarray,
        masks: Sequence[np.ndarray],
        results: Sequence[dict],
        out_file: str | None,
        show: bool,
    ) -> None:
        """Draw the regions of an image with their names, in a file or a window."""
        # Late, because only pictures need matplotlib.
        from mmacnn.visualization.region_names import draw_region_names

        names = [f'{r["pred_class"]} {r["pred_score"]:.2f}' for r in results]
        picture = draw_region_names(image[..., ::-1], masks, names)
        if out_file:
            with atomic_write(out_file) as path:
                mmcv.imwrite(picture[..., ::-1], path)
        if show:
            self.visualizer.show(picture, win_name=name)


def describe_regions(results: Sequence[dict]) -> str:
    """What a :class:`RegionInferencer` found, a line for each region."""
    return '\n'.join(
        f'region {number} at {",".join(map(str, result["region_box"]))}: '
        f'{result["pred_class"]} {result["pred_score"]:.2f}'
        for number, result in enumerate(results, start=1)
    )
