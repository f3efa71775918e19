# Copyright (c) mmacnn authors. All rights reserved.
"""Images of any depth -> uint8 BGR, as in training."""

import cv2
import numpy as np

from .errors import UserError

TIFF = (b'II*\0', b'MM\0*')
CAMERAS = (10, 12, 14)  # bits of cameras that deliver 16


def decode(path):
    """An image file as it is stored, (H, W) or (H, W, 3); None if it cannot be read."""
    with open(path, 'rb') as file:
        content = file.read()
    # OpenCV makes no colours of grey floating-point numbers, which are in TIFF alone.
    color = cv2.IMREAD_ANYCOLOR if content[:4] in TIFF else cv2.IMREAD_COLOR
    try:
        pixels = np.frombuffer(content, np.uint8)
        return cv2.imdecode(pixels, color | cv2.IMREAD_ANYDEPTH)
    except cv2.error:  # an empty file, or a header that claims too much
        return None


def to_bgr8(image, depth, name):
    """An image as the model takes it, by a range that no image changes.

    Args:
        image (np.ndarray): (H, W), (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA; uint8,
            uint16, or floating-point numbers in [0, 1].
        depth (int): of uint16, bits of the camera: levels are 0 to 2**depth - 1. None
            for all 16; levels that fit 14 bits are refused then.
        name (str): to call it by.

    Returns:
        np.ndarray: (H, W, 3) uint8.

    Raises:
        UserError: it is no such image, or its levels are not in the range.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise UserError(f'{name}: found an array of shape {image.shape}')
    if channels == 4:
        image = image[..., :3]  # transparency may have another range
    if image.dtype.kind == 'f':
        if not (image.min() >= 0 and image.max() <= 1):  # NaN, too
            raise UserError(f'{name}: found {image.dtype} numbers beyond 0 to 1')
        image = np.rint(image * 255).astype(np.uint8)
    elif image.dtype == np.uint16:
        image = _from_levels(image, depth, name)
    elif image.dtype != np.uint8:
        raise UserError(f'{name}: found {image.dtype} numbers, expected 8 or 16 bits')
    image = np.ascontiguousarray(image)
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if channels == 1 else image


def _from_levels(image, depth, name):
    peak = int(image.max())
    if depth is None and peak < 2 ** CAMERAS[-1]:
        likely = next(bits for bits in CAMERAS if peak < 2**bits)
        raise UserError(
            f'{name}: found 16 bits with levels up to {peak}, but the model was '
            f'exported without `depth`: expected depth={likely} in its config for a '
            f'camera of {likely} bits, depth=16 for dark images of the full range'
        )
    depth = depth or 16
    if peak >= 2**depth:
        raise UserError(
            f'{name}: found levels up to {peak}, expected at most {2**depth - 1}, '
            f'since the model was exported with depth={depth}'
        )
    return (image >> (depth - 8)).astype(np.uint8)
