# Copyright (c) mmacnn authors. All rights reserved.
"""What is measured on the pixels of an image, decoded once and reduced."""

import hashlib
import os.path as osp
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from mmacnn.datasets.image_files import FORMATS, ORIENTATION_TAG, read_image
from mmacnn.datasets.pixels import CAMERAS, read_pixels
from mmacnn.utils import InputError

BITS = (8, *CAMERAS, 16)  # What a range of 16-bit files may be.
LEAST_SIDE = 240  # Pixels of the shorter side that a reduced image keeps.
TEXTURE_SIDE = 64  # Pixels of the square on which images are compared.
TEXTURE_SIGMA = 3.0  # Pixels of that square; coarser structure is taken away.
FLAT = 1e-3  # Of the mean grey level; less fine structure than this is noise.
# Factor of the reduction: OpenCV's flags for grey and for colour.
REDUCED = {
    8: (cv2.IMREAD_REDUCED_GRAYSCALE_8, cv2.IMREAD_REDUCED_COLOR_8),
    4: (cv2.IMREAD_REDUCED_GRAYSCALE_4, cv2.IMREAD_REDUCED_COLOR_4),
    2: (cv2.IMREAD_REDUCED_GRAYSCALE_2, cv2.IMREAD_REDUCED_COLOR_2),
}
CHANNELS = {
    **dict.fromkeys(('1', 'L', 'I', 'F', 'I;16', 'I;16B', 'I;16L'), 'grey'),
    **dict(LA='grey with alpha', RGB='colour', RGBA='colour with alpha', P='palette'),
}


@dataclass(slots=True)
class PixelFacts:
    """An image's pixels in numbers.

    Args:
        depth: '8 bit', '16 bit', or '32 bit float'.
        channels: 'grey', 'colour', 'colour with alpha', ...
        turned: Whether an EXIF note turns the image.
        peak: Brightest grey level, in the file's own numbers.
        brightness: Mean grey level. In the file's own numbers as measured, a fraction
            of the range after :func:`use_common_range`.
        sharpness: Variance of the Laplacian. In the file's own numbers squared as
            measured, of grey levels from 0 to 255 after :func:`use_common_range`.
        digest: Of the decoded pixels; the same for identical images of one file type.
        texture: (4096,) float16, the fine structure, of length 1; 0 where there is
            none.
    """

    depth: str
    channels: str
    turned: bool
    peak: float
    brightness: float
    sharpness: float
    digest: bytes
    texture: np.ndarray


def measure(path: str) -> PixelFacts:
    """Decode an image once and measure it.

    Args:
        path: The file. A JPEG is decoded at a half, a quarter or an eighth of its size
            where that leaves 240 pixels or more.

    Raises:
        InputError: It cannot be read.
    """
    if not osp.isfile(path):
        raise InputError(f'{path}: found no such file, expected an image')
    try:
        with Image.open(path, formats=FORMATS) as header:
            mode = header.mode
            turned = 'exif' in header.info and (
                header.getexif().get(ORIENTATION_TAG, 1) in range(2, 9)
            )
    except Exception as error:  # Pillow raises whatever broken bytes lead to
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise InputError(
            f'{path}: found an unreadable or truncated image ({reason}), expected a '
            'whole image file'
        ) from None
    grey = read_reduced(path)
    digest = hashlib.sha256(repr((grey.shape, grey.dtype.str)).encode())
    digest.update(np.ascontiguousarray(grey))
    depth = f'{8 * grey.itemsize} bit' + ' float' * (grey.dtype.kind == 'f')
    pixels = np.nan_to_num(grey.astype(np.float32))
    return PixelFacts(
        '1 bit' if mode == '1' else depth,
        CHANNELS.get(mode, mode),
        turned,
        float(pixels.max()),
        float(pixels.mean()),
        float(cv2.Laplacian(pixels, cv2.CV_32F).var()),
        digest.digest(),
        texture_of(pixels),
    )


def read_reduced(path: str, colour: bool = False) -> np.ndarray:
    """Return an image, upright, as small as it can be decoded.

    Args:
        path: The file.
        colour: Whether as BGR, (H, W, 3), and not as grey levels, (H, W).

    Returns:
        The pixels as they are in the file: uint8, uint16 or float32.

    Raises:
        InputError: It cannot be read.
    """
    return read_image(path, lambda file: _load(file, colour))


def _load(path: str, colour: bool) -> np.ndarray | None:
    with Image.open(path, formats=FORMATS) as header:
        is_jpeg, side = header.format == 'JPEG', min(header.size)
    if is_jpeg:
        for factor, flags in REDUCED.items():
            if side >= factor * LEAST_SIDE:
                return read_pixels(path, flags[colour])
    flag = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    return read_pixels(path, flag | cv2.IMREAD_ANYDEPTH)


def texture_of(grey: np.ndarray) -> np.ndarray:
    """What tells an image from others of the same kind of part.

    Images of one product under one camera are alike in all that is coarse, so that a
    perceptual hash takes them all for copies. The fine structure differs.

    Args:
        grey: (H, W) float32, in any range.

    Returns:
        (4096,) float16 of length 1, of which the scalar product with another image's
        is their correlation; 0 for an image without structure.
    """
    size = (TEXTURE_SIDE, TEXTURE_SIDE)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    fine = small - cv2.GaussianBlur(small, (0, 0), TEXTURE_SIGMA)
    fine -= fine.mean()
    length = np.linalg.norm(fine)
    if length <= FLAT * abs(small.mean()) * TEXTURE_SIDE:
        return np.zeros(fine.size, np.float16)
    return (fine.ravel() / length).astype(np.float16)


def use_common_range(facts: list[PixelFacts]) -> dict[str, float]:
    """Bring brightness and sharpness to one range for all images, in place.

    The range of 16 bits is the smallest of 8, 10, 12, 14 and 16 bits that holds the
    brightest pixel of all such images, never that of one image alone.

    Returns:
        The largest value that the images of each depth may have.
    """
    peaks: dict[str, float] = {}
    for fact in facts:
        peaks[fact.depth] = max(fact.peak, peaks.get(fact.depth, 0.0))
    full = {depth: range_of(depth, peak) for depth, peak in peaks.items()}
    for fact in facts:
        fact.brightness /= full[fact.depth]
        fact.sharpness *= (255 / full[fact.depth]) ** 2
    return full


def range_of(depth: str, peak: float) -> float:
    """The largest value that images of a depth may have.

    Args:
        depth: See :class:`PixelFacts`.
        peak: The brightest value of all of them.
    """
    if depth in ('8 bit', '1 bit'):
        return 255.0
    if depth == '16 bit':
        return float(2 ** next(bits for bits in BITS if peak < 2**bits) - 1)
    return max(1.0, peak)
