# Copyright (c) mmacnn authors. All rights reserved.
"""An image by its URL: downloaded when its turn comes, into memory alone."""

import urllib.error
import urllib.request
from http.client import HTTPException
from io import BytesIO
from urllib.parse import urlsplit

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmacnn.datasets.image_files import FORMATS, IMAGE_SUFFIXES
from mmacnn.datasets.pixels import decode
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.utils import InputError

TIMEOUT = 20.0  # Seconds without an answer.
MAX_BYTES = 500_000_000


def is_image_url(source: object) -> bool:
    """Whether it is the http(s) URL of an image, by the suffix of its path."""
    if not isinstance(source, str) or '://' not in source:
        return False
    try:
        parts = urlsplit(source)
    except ValueError:  # brackets that hold no address
        return False
    is_web = parts.scheme in ('http', 'https')
    return is_web and parts.path.lower().endswith(IMAGE_SUFFIXES)


def read_url(url: str, loader: LoadAnyDepthImage) -> np.ndarray:
    """Download an image, (H, W, 3) uint8 BGR.

    Args:
        url: See :func:`is_image_url`.
        loader: How it becomes an array.

    Raises:
        InputError: It can't be downloaded, or is no image or part of one.
    """
    content = _download(url)
    try:
        # OpenCV would fill up a truncated image in grey.
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            picture.load()
    except UnidentifiedImageError:
        pass  # a TIFF of floating-point numbers, or no image
    except Exception as error:  # whatever broken bytes lead to
        raise InputError(
            f'{url}: found an unreadable or truncated image ({error}), expected a '
            'whole image file'
        ) from None
    image = decode(content)
    if image is None:
        raise InputError(
            f'{url}: found no picture in its {len(content)} bytes, expected an image '
            'that OpenCV can read'
        )
    return loader.convert(image, url)


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            content = response.read(MAX_BYTES + 1)
            expected = response.headers.get('Content-Length', '')
    except urllib.error.HTTPError as error:
        reason = f'the server answered {error.code} {error.reason}'
    except TimeoutError:
        reason = f'no answer within {TIMEOUT:g} s'
    except (OSError, HTTPException, ValueError) as error:
        reason = str(getattr(error, 'reason', error) or type(error).__name__)
    else:
        if len(content) > MAX_BYTES:
            reason = f'found more than {MAX_BYTES / 1e6:g} MB'
        elif expected.isdigit() and len(content) < int(expected):
            reason = f'the connection ended after {len(content)} of {expected} bytes'
        else:
            return content
    raise InputError(f'{url}: cannot be downloaded: {reason}')
