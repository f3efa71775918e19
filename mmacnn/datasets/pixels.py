# Copyright (c) mmacnn authors. All rights reserved.
"""Images of any depth -> uint8 BGR, by a fixed range that no image changes."""

import cv2
import numpy as np

from mmacnn.utils import InputError

TIFF = (b'II*\0', b'MM\0*')
CAMERAS = (10, 12, 14)  # bits of cameras that deliver 16
DEPTHS = range(8, 17)


def read_pixels(path: str, flags: int) -> np.ndarray | None:
    """``cv2.imread``, which on Windows takes no path with letters beyond its own.

    Args:
        path: The file.
        flags: Of ``cv2.imread``.
    """
    content = np.fromfile(path, np.uint8)
    return cv2.imdecode(content, flags) if content.size else None


def decode(content: bytes) -> np.ndarray | None:
    """An image file as it is stored, turned as its EXIF note says.

    Args:
        content: What is in the file.

    Returns:
        (H, W) or (H, W, 3) BGR, of 8 or 16 bits or floating-point numbers; transparency
        is dropped. None where OpenCV cannot decode it.
    """
    # OpenCV makes no colours of grey floating-point numbers, which are in TIFF alone.
    color = cv2.IMREAD_ANYCOLOR if content[:4] in TIFF else cv2.IMREAD_COLOR
    try:
        pixels = np.frombuffer(content, np.uint8)
        return cv2.imdecode(pixels, color | cv2.IMREAD_ANYDEPTH)
    except cv2.error:  # an empty file, or a header that claims too much
        return None


def check_array(image: np.ndarray, name: str) -> None:
    """See that an array is an image, by its type and shape.

    Raises:
        InputError: It is not what :func:`to_bgr8` takes.
    """
    is_levels = image.dtype.kind == 'u' and image.dtype.itemsize <= 2
    is_image = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (1, 3, 4))
    if not ((is_levels or image.dtype.kind == 'f') and is_image and image.size):
        raise InputError(
            f'{name}: expected an image, uint8, uint16 or float of shape (H, W), '
            f'(H, W, 1), (H, W, 3) or (H, W, 4), found {image.dtype} of shape '
            f'{image.shape}'
        )


def to_bgr8(image: np.ndarray, depth: int | None, name: str) -> np.ndarray:
    """An image as the models take it.

    Levels of ``uint16`` lose their lowest ``depth - 8`` bits, as in a camera that is
    told to deliver 8; floating-point numbers from 0 to 1 become levels from 0 to 255;
    ``uint8`` stays.

    Args:
        image: (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA; ``uint8``,
            ``uint16`` or floating-point numbers in [0, 1].
        depth: Of ``uint16``, bits of the camera, 8 to 16: levels are 0 to
            ``2**depth - 1``. None for the full 16; levels that fit 14 bits, which would
            become dark, are refused then.
        name: To call it by.

    Returns:
        (H, W, 3) uint8 BGR, contiguous; not copied where ``image`` is that.

    Raises:
        InputError: It is no such image, or its levels are not in the range.
    """
    check_array(image, name)
    is_grey = image.ndim == 2 or image.shape[2] == 1
    if not is_grey:
        image = image[..., :3]  # transparency may have another range
    if image.dtype.kind == 'f':
        image = _from_fractions(image, name)
    elif image.dtype != np.uint8:
        image = _from_levels(image, depth, name)
    image = np.ascontiguousarray(image)
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if is_grey else image


def _from_fractions(image: np.ndarray, name: str) -> np.ndarray:
    low, high = image.min(), image.max()
    if not (low >= 0 and high <= 1):  # NaN, too
        raise InputError(
            f'{name}: found {image.dtype} numbers from {low:g} to {high:g}, expected '
            '0 to 1'
        )
    return np.rint(image * 255).astype(np.uint8)


def _from_levels(image: np.ndarray, depth: int | None, name: str) -> np.ndarray:
    peak = int(image.max())
    if depth is None and peak < 2 ** CAMERAS[-1]:
        likely = next(bits for bits in CAMERAS if peak < 2**bits)
        raise InputError(
            f'{name}: found 16 bits with levels up to {peak}, expected `depth` in the '
            f'config to tell the range: depth={likely} for a camera of {likely} bits, '
            'depth=16 for dark images of the full range'
        )
    depth = depth or 16
    if peak >= 2**depth:
        raise InputError(
            f'{name}: found levels up to {peak}, expected at most {2**depth - 1}, '
            f'which is depth={depth} in the config'
        )
    return (image >> (depth - 8)).astype(np.uint8)
