# Copyright (c) mmacnn authors. All rights reserved.
"""Which files are images, how large they are, and whether they can be read.

OpenCV, which decodes the images of a pipeline, says nothing useful about a broken file:
it returns None or, in older versions, a partly grey image. Pillow notices the latter
but accepts some files of the former kind, so a file must be good for both.
"""

import os
from collections.abc import Callable, Iterable

import cv2
import mmcv
import numpy as np
from PIL import Image, UnidentifiedImageError

from mmacnn.utils import InputError

from .pixels import TIFF
from .pixels import decode as decode_pixels

# What the decoder of mmcv's LoadImageFromFile (OpenCV) reads in every build.
IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff')
# What an image may be inside, whatever its name says. Pillow knows forty formats more,
# and hands some of them to other programs.
FORMATS = ('JPEG', 'PNG', 'BMP', 'DIB', 'PPM', 'TIFF', 'GIF', 'WEBP', 'JPEG2000')
ORIENTATION_TAG = 0x0112
ENDINGS = dict(JPEG=b'\xff\xd9', PNG=b'IEND\xaeB`\x82')


def require_folder(folder: str, expected: str) -> None:
    """Raise a FileNotFoundError that says what was expected if there is no folder."""
    if not os.path.isdir(folder or os.curdir):
        raise FileNotFoundError(f'{folder}: found no such folder, expected {expected}')


def list_subfolders(folder: str) -> list[str]:
    """Return the sorted names of the folders in a folder, but for hidden ones."""
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.is_dir() and e.name[0] != '.')


def list_images_below(folder: str, expected: str) -> list[str]:
    """Return the sorted paths of the images in a folder and below it, one or more.

    Raises:
        InputError: There is none.
    """
    names = list_files_below(folder, IMAGE_SUFFIXES)
    if not names:
        raise InputError(
            f'{folder}: found no image ({" ".join(IMAGE_SUFFIXES)}), expected '
            f'{expected}'
        )
    return names


def list_files(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    """Return the sorted names of a folder's files with one of the endings.

    Names that begin with a dot are left out: systems keep notes in them.
    """
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.name.lower().endswith(suffixes)
            and not entry.name.startswith('.')
            and entry.is_file()
        )


def list_files_below(folder: str, suffixes: tuple[str, ...]) -> list[str]:
    """Return the sorted paths, seen from ``folder``, of its files and its subfolders'.

    They are chosen as in :func:`list_files`.
    """
    return sorted(
        os.path.relpath(os.path.join(place, name), folder)
        for place, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(suffixes) and not name.startswith('.')
    )


def read_image_size(path: str, decode: bool = False) -> tuple[int, int]:
    """Return ``(height, width)`` of an image as a pipeline will decode it.

    That is upright: a photograph is turned as its EXIF note says. Of several frames or
    pages the first counts.

    Args:
        path: The image file.
        decode: Whether to decode all of it. If not, the header is read and, in a JPEG
            or PNG file, the end is looked at; only a file with an unusual end is
            decoded. This takes 0.1 ms and finds truncation, not every broken byte.
            (Not even decoding does in a JPEG, which has no checksum.)

    Raises:
        InputError: If the file is no image, empty, truncated or damaged, or claims more
            pixels than twice ``PIL.Image.MAX_IMAGE_PIXELS`` (179 million).
    """
    try:
        if not os.path.isfile(path):  # a pipe would wait for ever
            raise FileNotFoundError('No such file')
        with open(path, 'rb') as file, Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            # OpenCV turns a photograph as its EXIF note says.
            if 'exif' in image.info and image.getexif().get(ORIENTATION_TAG, 1) >= 5:
                width, height = height, width
            if decode or not ends_well(file, image.format):
                image.load()
                file.seek(0)
                if decode_pixels(file.read()) is None:
                    raise InputError('OpenCV cannot decode it')
    except UnidentifiedImageError:
        size = _size_of_tiff(path)
        if size is None:
            raise InputError(
                f'{path}: found an unreadable or truncated image (cannot identify '
                'image file), expected a whole image file'
            ) from None
        return size
    # Pillow's readers raise whatever the broken bytes lead to: OSError, SyntaxError,
    # struct.error, zlib.error, ...
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise InputError(
            f'{path}: found an unreadable or truncated image ({reason}), '
            'expected a whole image file'
        ) from None
    return height, width


def read_image(
    path: str, load: Callable[[str], np.ndarray | None] = mmcv.imread
) -> np.ndarray:
    """Return an image, (H, W, 3) uint8 BGR, after a look at its header.

    OpenCV fills up a truncated file in grey, and makes room for whatever size a file
    claims to have.

    Args:
        path: The image file.
        load: How a file becomes an array.

    Raises:
        InputError: See :func:`read_image_size`.
    """
    read_image_size(path)
    try:
        image = load(path)
    except cv2.error as error:
        raise InputError(f'{path}: OpenCV cannot decode it ({error.err})') from None
    if image is None:
        raise InputError(f'{path}: expected an image that OpenCV can read')
    return image


def check_images(paths: Iterable[str]) -> None:
    """Look at the header and, where it has a mark, the end of each image.

    A training would come to a broken file only after hours.

    Args:
        paths: The images; one that comes again is looked at once.

    Raises:
        InputError: See :func:`read_image_size`.
    """
    for path in dict.fromkeys(paths):
        read_image_size(path)


def _size_of_tiff(path: str) -> tuple[int, int] | None:
    """(height, width) of a TIFF that Pillow does not know: colours in floats."""
    with open(path, 'rb') as file:
        content = file.read()
    image = decode_pixels(content) if content[:4] in TIFF else None
    return None if image is None else image.shape[:2]


def ends_well(file, image_format: str) -> bool:
    """Whether the file ends as its format does; True for formats without a mark."""
    ending = ENDINGS.get(image_format)
    if ending is None:
        return True
    position = file.tell()
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - 64))
    tail = file.read()
    file.seek(position)
    return tail.rstrip(b'\0').endswith(ending)
