# Copyright (c) mmacnn authors. All rights reserved.
"""From the body of a request to an image, within limits that a sender cannot move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from threading import Lock

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmacnn.datasets.image_files import ends_well
from mmacnn.datasets.pixels import decode
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.utils import InputError

# What an upload may be, and the suffix under which it is stored.
SUFFIXES = dict(JPEG='.jpg', PNG='.png', BMP='.bmp', PPM='.ppm', TIFF='.tif')

# As it comes from the file, up to 6 bytes of a pixel, and as the model takes it.
PIXEL_BYTES = 9


class Refused(Exception):
    """A request that gets no result.

    Args:
        status: Of HTTP.
        reason: On one line.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Limits:
    """What one request may take.

    Args:
        megabytes: Of the file, in 10**6 bytes.
        megapixels: Of the image, in 10**6 pixels.
        seconds: Until all of the file has arrived.
    """

    megabytes: float = 32.0
    megapixels: float = 50.0
    seconds: float = 10.0


class Memory:
    """Room for the files and images of all requests that wait.

    Args:
        megabytes: In 10**6 bytes.
    """

    def __init__(self, megabytes: float) -> None:
        self._free, self._lock = megabytes * 1e6, Lock()

    @contextmanager
    def reserve(self):
        """Give a function that takes bytes; they are free again at the end.

        Yields:
            ``take(count)``, which raises ``Refused`` where there is no room.
        """
        taken = 0

        def take(count: int) -> None:
            nonlocal taken
            with self._lock:
                if count > self._free:
                    raise Refused(503, 'too many images wait, try again later')
                self._free -= count
            taken += count

        try:
            yield take
        finally:
            with self._lock:
                self._free += taken


async def read_body(
    chunks: AsyncIterator[bytes], length: str | None, limits: Limits, take
) -> bytes:
    """Read a body, no more of it than is allowed.

    Args:
        chunks: Of the body.
        length: Header ``content-length``, where there is one.
        limits: What is allowed.
        take: See ``Memory.reserve``.

    Raises:
        Refused: It is too large (413), too slow (408) or empty (422).
    """
    most = int(limits.megabytes * 1e6)
    too_large = Refused(
        413, f'found more than {limits.megabytes:g} MB, expected a smaller file'
    )
    if length and length.isdigit() and int(length) > most:
        raise too_large
    content = bytearray()

    async def read() -> None:
        async for chunk in chunks:
            if len(content) + len(chunk) > most:
                raise too_large
            take(len(chunk))
            content.extend(chunk)

    try:
        await asyncio.wait_for(read(), limits.seconds)
    except asyncio.TimeoutError:
        raise Refused(
            408, f'the file did not arrive within {limits.seconds:g} s'
        ) from None
    if not content:
        raise Refused(422, 'found an empty body, expected the bytes of an image file')
    return bytes(content)


def decode_upload(
    content: bytes, name: str, loader: LoadAnyDepthImage, limits: Limits, take
) -> tuple[np.ndarray, str]:
    """The image in a file, and the suffix of its format.

    The header is looked at before any pixel is: a small file can claim a huge image.

    Args:
        content: The file.
        name: To call it by.
        loader: How it becomes (H, W, 3) uint8 BGR.
        limits: What is allowed.
        take: See ``Memory.reserve``; takes the image's bytes.

    Raises:
        Refused: It is no image (415), has too many pixels (413) or is damaged (422).
    """
    too_many = Refused(
        413, f'found more than {limits.megapixels:g} million pixels, expected fewer'
    )
    damaged = 'found a truncated or damaged image, expected all of an image file'
    file = BytesIO(content)
    try:
        with Image.open(file, formats=tuple(SUFFIXES)) as picture:
            width, height = picture.size
            if width * height > limits.megapixels * 1e6:
                raise too_many
            take(PIXEL_BYTES * width * height)
            if not ends_well(file, picture.format):
                picture.load()
            suffix = SUFFIXES[picture.format]
    except Refused:
        raise
    except UnidentifiedImageError:
        names = ', '.join(SUFFIXES)
        raise Refused(415, f'found no image, expected a file of {names}') from None
    except Image.DecompressionBombError:
        raise too_many from None
    except Exception:  # whatever broken bytes lead to
        raise Refused(422, damaged) from None
    image = decode(content)
    if image is None:
        raise Refused(422, damaged)
    try:
        return loader.convert(image, name), suffix
    except InputError as error:
        raise Refused(422, str(error)) from None
