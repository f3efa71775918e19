# Copyright (c) mmacnn authors. All rights reserved.
"""Random colour, noise and blur: what differs between two cameras.

Written for speed, since a light model is easily slower to feed than to train. On
480x640 images and one core, colour takes 0.5 ms, noise 0.7 ms, and blur 0.4 ms (1.3 ms
with motion); mmpretrain's ``ColorJitter`` (without hue) takes 7.7 ms and its
``GaussianBlur`` 10.4 ms.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np

from mmacnn.registry import TRANSFORMS
from mmacnn.utils.arguments import check_number, check_range

from .base import Transform, uint8_image

# Weights of blue, green and red in the luma of ITU-R BT.601.
LUMA_BGR = np.array([0.114, 0.587, 0.299])


def colour_matrix(
    mean: np.ndarray,
    brightness: float,
    contrast: float,
    saturation: float,
    white_balance: np.ndarray,
) -> np.ndarray:
    """Return the affine map of colours that makes four changes at once.

    Args:
        mean: ``(3,)`` mean colour of the image, which contrast leaves unchanged.
        brightness: Factor of all channels.
        contrast: Factor of the distance from ``mean``.
        saturation: Factor of the distance from grey of the same luma.
        white_balance: ``(3,)`` factor of each channel.

    Returns:
        ``(3, 4)``; maps ``(b, g, r, 1)``.
    """
    saturate = saturation * np.eye(3) + (1 - saturation) * LUMA_BGR
    linear = brightness * contrast * white_balance[:, None] * saturate
    return np.column_stack([linear, linear @ mean * (1 / contrast - 1)])


@TRANSFORMS.register_module()
class RandomPhotometric(Transform):
    """Change brightness, contrast, saturation, white balance and gamma at random.

    An amount ``a`` means: a factor drawn uniformly from ``[1 - a, 1 + a]``.

    Required and modified key: ``img`` ``(H, W, 3)`` uint8 BGR.

    Args:
        brightness: Amount for all channels together, in ``[0, 1)``.
        contrast: Amount about the image's mean colour, in ``[0, 1)``.
        saturation: Amount of colourfulness, in ``[0, 1)``.
        white_balance: Amount for each channel by itself, in ``[0, 1)``.
        gamma: Amount of the exponent, in ``[0, 1)``.

    Raises:
        InputError: If an amount is out of range or the image is not uint8 BGR.
    """

    def __init__(
        self,
        brightness: float = 0.2,
        contrast: float = 0.2,
        saturation: float = 0.2,
        white_balance: float = 0.05,
        gamma: float = 0.1,
    ) -> None:
        amounts = dict(
            brightness=brightness,
            contrast=contrast,
            saturation=saturation,
            white_balance=white_balance,
            gamma=gamma,
        )
        for key, value in amounts.items():
            check_number(f'{type(self).__name__}: {key}', value, 0, 1, below=True)
            setattr(self, key, value)

    def transform(self, results: dict) -> dict:
        """Recolour ``img``."""
        image = uint8_image(results, type(self).__name__)
        matrix = colour_matrix(
            np.array(cv2.mean(image)[:3]),
            brightness=self._factor('brightness'),
            contrast=self._factor('contrast'),
            saturation=self._factor('saturation'),
            white_balance=self._factor('white_balance', 3),
        )
        image = cv2.transform(image, matrix)
        gamma = self._factor('gamma')
        if gamma != 1:
            levels = 255 * np.linspace(0, 1, 256) ** gamma
            image = cv2.LUT(image, levels.round().astype(np.uint8))
        results['img'] = image
        return results

    def _factor(self, key: str, size: int | None = None) -> float | np.ndarray:
        amount = getattr(self, key)
        return np.random.uniform(1 - amount, 1 + amount, size)


@lru_cache(maxsize=1)
def noise_pool(length: int) -> np.ndarray:
    """Return ``(length,)`` float32 values of unit normal noise, always the same."""
    return np.random.RandomState(0).standard_normal(length).astype(np.float32)


def noise_field(shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of unit normal noise, cut from a fixed pool at a random place.

    Drawing fresh values would take 8 ms for 480x640x3.
    """
    size = int(np.prod(shape))
    # A power of two of at least four million, so that the sizes of one pipeline share
    # a pool, and an image rarely meets the same noise at the same place.
    length = max(1 << 22, 1 << (2 * size).bit_length())
    start = np.random.randint(length - size + 1)
    return noise_pool(length)[start : start + size].reshape(shape)


@TRANSFORMS.register_module()
class RandomNoise(Transform):
    """Add Gaussian noise of random strength, fine and coarse.

    Fine noise differs from pixel to pixel and from channel to channel. Coarse noise is
    smooth over a few pixels, as left by demosaicing, compression and resizing.

    Required and modified key: ``img`` ``(H, W, 3)`` uint8.

    Args:
        sigma: ``(smallest, largest)`` standard deviation of the fine noise, in grey
            levels of 255.
        coarse_sigma: The same of the coarse noise, before smoothing.
        coarse_size: Size of a coarse grain in pixels, 2 or more.

    Raises:
        InputError: If an argument is out of range or the image is not uint8 BGR.
    """

    def __init__(
        self,
        sigma: Sequence[float] = (0.0, 8.0),
        coarse_sigma: Sequence[float] = (0.0, 4.0),
        coarse_size: float = 4.0,
    ) -> None:
        name = type(self).__name__
        self.sigma = check_range(f'{name}: sigma', sigma, 0, 255)
        self.coarse_sigma = check_range(f'{name}: coarse_sigma', coarse_sigma, 0, 255)
        self.coarse_size = check_number(f'{name}: coarse_size', coarse_size, 2)

    def transform(self, results: dict) -> dict:
        """Add noise to ``img``."""
        image = uint8_image(results, type(self).__name__)
        height, width = image.shape[:2]
        sigma = np.random.uniform(*self.sigma)
        coarse_sigma = np.random.uniform(*self.coarse_sigma)
        if coarse_sigma > 0:
            grains = [math.ceil(side / self.coarse_size) for side in (height, width)]
            coarse = cv2.resize(noise_field((*grains, 3)), (width, height))
            image = cv2.addWeighted(image, 1, coarse, coarse_sigma, 0, dtype=cv2.CV_8U)
        if sigma > 0:
            fine = noise_field(image.shape)
            image = cv2.addWeighted(image, 1, fine, sigma, 0, dtype=cv2.CV_8U)
        results['img'] = image
        return results


def motion_kernel(length: float, angle: float) -> np.ndarray:
    """Return the blur of a straight, even motion.

    Args:
        length: Path in pixels, 0 or more.
        angle: Direction in degrees.

    Returns:
        ``(K, K)`` float32 with K odd; sums to 1, symmetric about its middle.
    """
    radius = int(np.ceil(length / 2))
    size = 2 * radius + 1
    steps = np.linspace(-length / 2, length / 2, 4 * size)
    x = radius + steps * np.cos(np.radians(angle))
    y = radius + steps * np.sin(np.radians(angle))
    index = np.arange(size)[:, None]
    kernel = np.maximum(0, 1 - abs(y - index)) @ np.maximum(0, 1 - abs(x - index)).T
    return (kernel / kernel.sum()).astype(np.float32)


@TRANSFORMS.register_module()
class RandomBlur(Transform):
    """Blur by a random defocus (Gaussian) and a random straight motion.

    Required and modified key: ``img`` ``(H, W, 3)`` uint8.

    Args:
        sigma: ``(smallest, largest)`` standard deviation of the Gaussian in pixels.
        motion: Longest motion in pixels; 0 for none.

    Raises:
        InputError: If an argument is out of range or the image is not uint8 BGR.
    """

    def __init__(self, sigma: Sequence[float] = (0.0, 1.2), motion: float = 0.0):
        name = type(self).__name__
        self.sigma = check_range(f'{name}: sigma', sigma, 0)
        self.motion = check_number(f'{name}: motion', motion, 0)

    def transform(self, results: dict) -> dict:
        """Blur ``img``."""
        image = uint8_image(results, type(self).__name__)
        sigma = np.random.uniform(*self.sigma)
        length = np.random.uniform(0, self.motion)
        angle = np.random.uniform(0, 180)
        # A narrower Gaussian changes no pixel by more than rounding does.
        if sigma > 0.2:
            image = cv2.GaussianBlur(image, (0, 0), sigma)
        if length > 0:
            image = cv2.filter2D(image, -1, motion_kernel(length, angle))
        results['img'] = image
        return results


@TRANSFORMS.register_module()
class RandomJPEG(Transform):
    """Compress as a JPEG file of random quality.

    Required and modified key: ``img`` ``(H, W, 3)`` uint8.

    Args:
        quality: ``(lowest, highest)`` as OpenCV counts it, in ``[1, 100]``.

    Raises:
        InputError: If an argument is out of range or the image is not uint8 BGR.
    """

    def __init__(self, quality: Sequence[float] = (10, 95)) -> None:
        self.quality = check_range('RandomJPEG: quality', quality, 1, 100)

    def transform(self, results: dict) -> dict:
        """Compress ``img``."""
        image = uint8_image(results, type(self).__name__)
        quality = round(np.random.uniform(*self.quality))
        data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        results['img'] = cv2.imdecode(data, cv2.IMREAD_COLOR)
        return results
