# Copyright (c) mmacnn authors. All rights reserved.
"""Where images come from: files, folders, arrays, videos, cameras; read one by one."""

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
# A USB camera skips a frame now and then; so many in a row mean that it is gone.
MISSED_FRAMES = 5


class Frame(NamedTuple):
    """One image, or why there is none.

    Args:
        name: Path of the file, ``array_3`` or ``video.mp4#3``.
        image: (H, W, 3) uint8 BGR; None where it can't be read.
        error: What is wrong with the file, on one line.
    """

    name: str
    image: np.ndarray | None
    error: str = ''


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


def is_stream(source: object) -> bool:
    """Whether it is an URL that OpenCV opens, not that of an image."""
    return isinstance(source, str) and '://' in source and not is_image_url(source)


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
    inputs: Source | Sequence[Image],
    rank: int = 0,
    world_size: int = 1,
    loader: LoadAnyDepthImage | None = None,
) -> 'Images | Capture':
    """Frames of what the user named; nothing is read before they are gone through.

    Args:
        inputs: An image file or its URL (``https://.../a.jpg``), a folder of them, a
            video, the number of a camera, an URL that OpenCV opens (``rtsp://...``), an
            image as an array, or a list of files, such URLs and arrays.
        rank: Which of several processes this one is.
        world_size: How many processes share the images.
        loader: How files, arrays and frames become images; one of no ``depth`` by
            default.

    Returns:
        Iterable of :class:`Frame`. ``len()`` tells how many where that is known.

    Raises:
        FileNotFoundError: An input is missing.
        InputError: A folder has no image, an array is none, a video or a camera can't
            be opened, or several processes are to share one.
    """
    loader = loader or LoadAnyDepthImage()
    path = str(inputs) if isinstance(inputs, str | Path) else ''
    is_live = isinstance(inputs, int) or is_stream(path)
    is_video = path.lower().endswith(VIDEO_SUFFIXES) and osp.isfile(path)
    if not (is_live or is_video):
        return Images(list_images(inputs), rank, world_size, loader)
    if world_size > 1:
        raise InputError(
            f'{inputs}: several processes cannot share a video or a camera, expected '
            'images'
        )
    source = inputs if isinstance(inputs, int) else str(inputs)
    name = f'camera {inputs}' if isinstance(inputs, int) else source
    return Capture(source, name, is_live, loader)


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
    """A video, or a camera, which goes on until it is unplugged.

    Args:
        source: What OpenCV opens.
        name: How to call it.
        is_live: A camera: it has no end, so that a missing frame is a fault.
        loader: How frames become images, those of a camera with 16 bits, too.

    Raises:
        InputError: It can't be opened.
    """

    def __init__(
        self, source: str | int, name: str, is_live: bool, loader: LoadAnyDepthImage
    ) -> None:
        self.name, self.is_live, self.loader = name, is_live, loader
        self.capture = cv2.VideoCapture(source)
        if not self.capture.isOpened():
            hint = 'is it plugged in, and free?' if is_live else 'is it a video?'
            raise InputError(f'{name}: cannot be opened: {hint}')

    def __iter__(self) -> Iterator[Frame]:
        number = missed = 0
        try:
            while missed < (MISSED_FRAMES if self.is_live else 1):
                is_there, image = self.capture.read()
                if is_there:
                    name = f'{self.name}#{number}'
                    yield Frame(name, *read_image(image, name, self.loader))
                    number, missed = number + 1, 0
                else:
                    missed += 1
        finally:
            self.capture.release()
        if self.is_live:
            raise InputError(f'{self.name}: no more frames after {number}')
        if number == 0:
            raise InputError(f'{self.name}: found no frame that OpenCV can decode')
