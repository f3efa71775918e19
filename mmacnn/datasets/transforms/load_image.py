# Copyright (c) mmacnn authors. All rights reserved.

import cv2
import numpy as np
from mmcv.transforms import LoadImageFromFile

from mmacnn.registry import TRANSFORMS
from mmacnn.utils import InputError

# What cameras deliver in 16 bits.
DEPTHS = (8, 10, 12, 14, 16)


@TRANSFORMS.register_module()
class LoadAnyDepthImage(LoadImageFromFile):
    """Read an image of 8 or 16 bits, grey or colour, with or without transparency.

    mmcv's ``LoadImageFromFile`` keeps the upper eight of 16 bits, which leaves the
    image of a 12-bit camera almost black. Here grey levels are scaled from the camera's
    range: without ``bits`` it is guessed to be the smallest of 10, 12, 14 and 16 bits
    that holds the image's brightest pixel. Name the number where exposures differ so
    much that the guess would.

    Required key: ``img_path``. Added keys: ``img`` (H, W, 3) uint8, BGR, grey repeated
    and transparency dropped; ``img_shape``, ``ori_shape``.

    Args:
        bits: Of the grey levels in 16-bit files, 8 to 16. Guessed by default.

    Raises:
        InputError: The file is no image, or one of floating-point numbers.
    """

    def __init__(self, bits: int | None = None) -> None:
        # With this flag of OpenCV the depth stays, and photographs are still turned
        # as their EXIF note says.
        super().__init__(color_type=cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if bits is not None and bits not in range(8, 17):
            raise InputError(f'LoadAnyDepthImage: bits is {bits!r}, expected 8 to 16')
        self.bits = bits

    def transform(self, results: dict) -> dict:
        """Add ``img`` and its sizes."""
        try:
            results = super().transform(results)
        except (AssertionError, cv2.error):
            raise InputError(
                f'{results["img_path"]}: found no picture in it, expected one of '
                '8 or 16 bits'
            ) from None
        image = results['img']
        if image.dtype == np.uint16:
            results['img'] = self._scale(image)
        elif image.dtype != np.uint8:
            raise InputError(
                f'{results["img_path"]}: found {image.dtype} numbers, expected an '
                'image of 8 or 16 bits'
            )
        return results

    def read(self, path: str) -> np.ndarray:
        """The image (H, W, 3) in a file, as in the class docstring."""
        return self.transform(dict(img_path=path))['img']

    def _scale(self, image: np.ndarray) -> np.ndarray:
        peak = int(image.max())
        bits = self.bits or next(n for n in DEPTHS if peak < 2**n)
        return cv2.convertScaleAbs(image, alpha=255 / (2**bits - 1))

    def __repr__(self) -> str:
        return f'{type(self).__name__}(bits={self.bits})'
