# Copyright (c) mmacnn authors. All rights reserved.
"""Where images come from: files, folders, arrays, videos; read one by one."""

import logging
import os.path as osp
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from mmengine.logging import print_log

from mmacnn.datasets.image_files import IMAGE_SUFFIXES, list_files
from mmacnn.datasets.image_files import read_image as read_file
from mmacnn.datasets.pixels import check_array
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.utils import InputError
from mmacnn.utils.text import printable

from .download import is_image_url, read_url

Image = str | Path | np.ndarray
Source = Image | int

VIDEO_SUFFIXES = ('.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm')


class Frame(NamedTuple):
    """One image, or why there is none.

    Args:
        name: Path of the file, ``array_3`` or ``video.mp4#3``.
        image: (H, W, 3) uint8 BGR; None where it can't be read.
        error: What is wrong with the file or the camera, on one line.
        arrived: When a camera's frame was there, in seconds of ``time.monotonic()``.
    """

    name: str
    image: np.ndarray | None
    error: str = ''
    arrived: float | None = None


def list_images(inputs: Image | Sequence[Image]) -> list[Image]:
    """Files of a folder, in order, or the inputs themselves.

    Raises:
        FileNotFoundError: An input is missing.
        InputError: A folder has no image, or an array is none.
    """
    if isinstance(inputs, str | Path) and osp.isdir(inputs):
        names = list_files(str(inputs), IMAGE_SUFFIXES)
        if not names:
            raise InputError(
                f'{inputs}: expected images ({" ".join(IMAGE_SUFFIXES)}) in the '
                'folder, found none'
            )
        return [osp.join(inputs, name) for name in names]
    images = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    for i, image in enumerate(images):
        if not isinstance(image, np.ndarray):
            if not is_image_url(image) and not osp.isfile(image):
                raise FileNotFoundError(f'{image}: no such image or folder')
        else:
            check_array(image, f'input {i}')
    return images


def name_of(image: Image, index: int) -> str:
    """How an image is called in results: an array by its place in the list."""
    return f'array_{index}' if isinstance(image, np.ndarray) else str(image)


def read_image(
    image: Image, name: str, loader: LoadAnyDepthImage
) -> tuple[np.ndarray | None, str]:
    """The image as the model takes it, or None and what is wrong with it.

    Args:
        image: A file, the URL of one, or an array.
        name: To call an array by.
        loader: How it becomes (H, W, 3) uint8 BGR.
    """
    try:
        if isinstance(image, np.ndarray):
            return loader.convert(image, name), ''
        if is_image_url(image):
            return read_url(image, loader), ''
        return read_file(str(image), loader.read), ''
    except ValueError as error:
        message = printable(f'Skipped {error}')
        print_log(message, logger='current', level=logging.WARNING)
        return None, str(error)


def open_frames(
    inputs: Image | Sequence[Image],
    rank: int = 0,
    world_size: int = 1,
    loader: LoadAnyDepthImage | None = None,
) -> 'Images | Capture':
    """Frames of what the user named; nothing is read before they are gone through.

    Args:
        inputs: An image file or its URL (``https://.../a.jpg``), a folder of them, a
            video, an image as an array, or a list of files, such URLs and arrays.
        rank: Which of several processes this one is.
        world_size: How many processes share the images.
        loader: How files, arrays and frames become images; one of no ``depth`` by
            default.

    Returns:
        Iterable of :class:`Frame`. ``len()`` tells how many where that is known.

    Raises:
        FileNotFoundError: An input is missing.
        InputError: A folder has no image, an array is none, a video can't be opened,
            or several processes are to share one.
    """
    loader = loader or LoadAnyDepthImage()
    path = str(inputs) if isinstance(inputs, str | Path) else ''
    if not (path.lower().endswith(VIDEO_SUFFIXES) and osp.isfile(path)):
        return Images(list_images(inputs), rank, world_size, loader)
    require_one_process(path, world_size)
    return Capture(path, loader)


def require_one_process(source: object, world_size: int) -> None:
    """See that no other process wants the frames of a video or a camera.

    Raises:
        InputError: There is one.
    """
    if world_size > 1:
        raise InputError(
            f'{source}: several processes cannot share a video or a camera, expected '
            'images'
        )


class Images:
    """Files and arrays; files are read when their turn comes.

    Args:
        images: What :func:`list_images` returns.
        rank: Which of several processes this one is.
        world_size: How many processes share the images, each taking every so many-th.
        loader: How they become images.
    """

    def __init__(
        self,
        images: Sequence[Image],
        rank: int,
        world_size: int,
        loader: LoadAnyDepthImage,
    ) -> None:
        self.images, self.mine = images, slice(rank, None, world_size)
        self.loader = loader
        self.names = [name_of(image, i) for i, image in enumerate(images)]

    def __len__(self) -> int:
        return len(self.images[self.mine])

    def __iter__(self) -> Iterator[Frame]:
        mine = self.names[self.mine], self.images[self.mine]
        for name, image in zip(*mine, strict=True):
            yield Frame(name, *read_image(image, name, self.loader))


class Capture:
    """A video.

    Args:
        path: The file.
        loader: How frames become images.

    Raises:
        InputError: It can't be opened.
    """

    def __init__(self, path: str, loader: LoadAnyDepthImage) -> None:
        self.path, self.loader = path, loader
        self.capture = cv2.VideoCapture(path)
        if not self.capture.isOpened():
            raise InputError(f'{path}: cannot be opened: is it a video?')

    def __iter__(self) -> Iterator[Frame]:
        number = 0
        try:
            while True:
                is_there, image = self.capture.read()
                if not is_there:
                    break
                name = f'{self.path}#{number}'
                yield Frame(name, *read_image(image, name, self.loader))
                number += 1
        finally:
            self.capture.release()
        if number == 0:
            raise InputError(f'{self.path}: found no frame that OpenCV can decode')
