# Copyright (c) mmacnn authors. All rights reserved.
"""Where frames come from: a folder, an image, a video, cameras."""

import os
from typing import Any, NamedTuple, Optional

import cv2
from line.names import is_camera
from line.streams import Streams

from .errors import UserError
from .pixels import decode, to_bgr8

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff')


class Frame(NamedTuple):
    """A frame, or why there is none.

    Args:
        name: of the file, or of the camera with the number of the frame.
        image: (H, W, 3) uint8 BGR; None where there is none.
        error: what is wrong, on one line.
        arrived: when a camera's frame was there, in seconds of ``time.monotonic()``.
    """

    name: str
    image: Any
    error: str = ''
    arrived: Optional[float] = None


def open_source(sources, depth=None, mode=None, trigger='', stall=5.0):
    """Frames of what the user named.

    Args:
        sources (list): images and folders of them; or one video; or cameras, see
            ``line.cameras``.
        depth (int): bits of the camera whose images have 16; see ``pixels.to_bgr8``.
        mode (Mode): what a camera is asked for.
        trigger (str): when a camera's frame is wanted, see ``line.triggers``.
        stall (float): seconds without a frame after which a camera is opened again.

    Returns:
        Images | Video | Live: gives each ``Frame`` when it is gone through.

    Raises:
        UserError, OSError: nothing is there, or it cannot be opened.
    """
    if all(map(is_camera, sources)):
        return Live(Streams(sources, trigger, stall, mode), depth)
    source = sources[0]
    if trigger:
        raise UserError(f'{source}: --trigger, expected with cameras alone')
    if all(map(is_image, sources)):
        return Images(sources, depth)
    if len(sources) > 1:
        raise UserError(f'{source}: several sources, expected images or cameras alone')
    if not os.path.isfile(source):
        raise UserError(
            f'{source}: no such folder, image or video (a camera is a number, or csi:0)'
        )
    return Video(source, depth)


def is_image(source):
    """Whether it is a folder, or the name of an image."""
    return os.path.isdir(source) or source.lower().endswith(IMAGE_SUFFIXES)


def images_of(source):
    """A folder's images in the order of their names; of an image itself."""
    if not os.path.isdir(source):
        return [source]
    paths = [
        os.path.join(source, name)
        for name in sorted(os.listdir(source))
        if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')
    ]
    if not paths:
        raise UserError(f'{source}: no images in this folder')
    return paths


class Images:
    """Image files.

    Args:
        sources (list): folders and images.
        depth (int): see ``open_source``.
    """

    def __init__(self, sources, depth=None):
        self._depth = depth
        self._paths = [path for source in sources for path in images_of(source)]

    def __iter__(self):
        for path in self._paths:
            frame = decode(path) if os.path.isfile(path) else None
            if frame is None:
                yield Frame(path, None, f'{path}: not a readable image')
            else:
                yield _converted(path, frame, self._depth)

    def close(self):
        pass


class Video:
    """A video file.

    Args:
        path (str): the file.
        depth (int): see ``open_source``.
    """

    def __init__(self, path, depth=None):
        self._path, self._depth = path, depth
        self._capture = cv2.VideoCapture(path)
        if not self._capture.isOpened():
            raise UserError(f'{path}: cannot be opened: is it a video?')

    def __iter__(self):
        number = 0
        while True:
            is_there, image = self._capture.read()
            if not is_there:
                break
            yield _converted(f'{self._path}#{number}', image, self._depth)
            number += 1
        if number == 0:
            raise UserError(f'{self._path}: no frame: is it a video?')

    def close(self):
        self._capture.release()


class Live:
    """Cameras.

    Args:
        streams (Streams): of them.
        depth (int): see ``open_source``.
    """

    def __init__(self, streams, depth=None):
        self._streams, self._depth = streams, depth
        self.close = streams.close

    def __iter__(self):
        for name, image, error, arrived in self._streams:
            if image is None:
                yield Frame(name, None, error, arrived)
            else:
                yield _converted(name, image, self._depth, arrived)


def _converted(name, image, depth, arrived=None):
    """The frame as the model takes it."""
    try:
        return Frame(name, to_bgr8(image, depth, name), '', arrived)
    except UserError as error:
        return Frame(name, None, str(error), arrived)
