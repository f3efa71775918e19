# Copyright (c) mmacnn authors. All rights reserved.
"""Folders, patterns and lists of what is to be inspected, in their order; cameras."""

import glob
import os.path as osp
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mmacnn.datasets.image_files import IMAGE_SUFFIXES, list_files, list_files_below
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.line.names import camera_name, is_camera
from mmacnn.line.streams import Streams
from mmacnn.utils import InputError

from .download import is_image_url
from .frames import (
    VIDEO_SUFFIXES,
    Capture,
    Frame,
    Image,
    Images,
    Source,
    open_frames,
    read_image,
    require_one_process,
)


class Sources:
    """Several videos, or videos and images, one after another.

    Args:
        paths: The files; a video is opened when its turn comes.
        loader: How an image file becomes an array.

    Raises:
        InputError: A video can't be opened.
    """

    def __init__(self, paths: Sequence[Image], loader: LoadAnyDepthImage) -> None:
        self.paths, self.loader = paths, loader
        for path in filter(_is_video, paths):
            Capture(str(path), loader).capture.release()

    def __iter__(self) -> Iterator[Frame]:
        for path in self.paths:
            yield from open_frames(path, loader=self.loader)


class Live:
    """The newest frames of cameras, without end, see :mod:`mmacnn.line.streams`.

    Args:
        cameras: Numbers and URLs.
        loader: How a frame becomes an image.
        trigger: When a frame is wanted.
        stall: Seconds without a frame after which a camera is opened again.

    Raises:
        OSError: None of them can be opened.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        loader: LoadAnyDepthImage,
        trigger: str,
        stall: float,
    ) -> None:
        self.streams, self.loader = Streams(cameras, trigger, stall), loader

    def __iter__(self) -> Iterator[Frame]:
        for name, image, error, arrived in self.streams:
            if image is not None:
                image, error = read_image(image, name, self.loader)
            yield Frame(name, image, error, arrived)

    def close(self) -> None:
        """End the iteration, which may be in another thread."""
        self.streams.close()


def open_sources(
    inputs: Source | Sequence[Image],
    rank: int,
    world_size: int,
    loader: LoadAnyDepthImage,
    recursive: bool = False,
    trigger: str = '',
    stall: float = 5.0,
) -> Images | Capture | Sources | Live:
    """Frames of what the user named, see :func:`open_frames`.

    Args:
        inputs: What that takes; or a pattern such as ``'line/*.png'``, or a list of
            files, folders, patterns and videos; or one or several cameras.
        rank: Which of several processes this one is.
        world_size: How many processes share the images.
        loader: How a file becomes an array.
        recursive: Take the images of sub-folders too. Those of a folder that has no
            image itself are taken in any case.
        trigger: When a frame of a camera is wanted, see :mod:`mmacnn.line.triggers`.
        stall: Seconds without a frame after which a camera is opened again.

    Raises:
        FileNotFoundError: An input is missing, or no file fits a pattern.
        OSError: No camera can be opened.
        InputError: See :func:`open_frames`; or there are cameras among files, or a
            trigger and no camera.
    """
    several = inputs if isinstance(inputs, list | tuple) else [inputs]
    cameras = [str(each) for each in several if _is_camera(each)]
    if cameras:
        if len(cameras) < len(several):
            raise InputError(
                f'{camera_name(cameras[0])}: found a camera among files, expected '
                'cameras alone'
            )
        require_one_process(camera_name(cameras[0]), world_size)
        return Live(cameras, loader, trigger, stall)
    if trigger:
        raise InputError(f'trigger {trigger}: found files, expected a camera')
    found = [path for each in several for path in _expand(each, recursive)]
    if not any(map(_is_video, found)):
        return open_frames(found, rank, world_size, loader)
    if len(found) == 1 or world_size > 1:
        video = next(filter(_is_video, found))
        return open_frames(video, rank, world_size, loader)
    return Sources(found, loader)


def _is_camera(source: Source) -> bool:
    if isinstance(source, int):
        return True
    is_name = isinstance(source, str) and not is_image_url(source)
    return is_name and is_camera(source) and not osp.exists(source)


def _expand(path: Image, recursive: bool) -> list[Image]:
    if isinstance(path, np.ndarray) or is_image_url(path):
        return [path]
    if osp.isdir(path):
        return _images_of(str(path), recursive)
    if osp.exists(path) or not glob.has_magic(str(path)):
        return [path]
    found = sorted(glob.glob(str(path), recursive=True))
    suffixes = IMAGE_SUFFIXES + VIDEO_SUFFIXES
    files = [each for each in found if each.lower().endswith(suffixes)]
    folders = [each for each in found if osp.isdir(each)]
    if not files and not folders:
        raise FileNotFoundError(f'{path}: no image, video or folder fits the pattern')
    # A pattern that fits files means these, as `**` does, which fits folders too.
    return files or [each for one in folders for each in _images_of(one, recursive)]


def _images_of(folder: str, recursive: bool) -> list[Image]:
    names = [] if recursive else list_files(folder, IMAGE_SUFFIXES)
    names = names or list_files_below(folder, IMAGE_SUFFIXES)
    if not names:
        raise InputError(
            f'{folder}: expected images ({" ".join(IMAGE_SUFFIXES)}) in the folder, '
            'found none'
        )
    return [osp.join(folder, name) for name in names]


def _is_video(path: Image) -> bool:
    is_path = isinstance(path, str | Path)
    return is_path and str(path).lower().endswith(VIDEO_SUFFIXES) and osp.isfile(path)
