# Copyright (c) mmacnn authors. All rights reserved.
"""Folders, patterns and lists of what is to be inspected, as files in their order."""

import glob
import os.path as osp
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mmacnn.datasets.image_files import IMAGE_SUFFIXES, list_files, list_files_below
from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.utils import InputError

from .download import is_image_url
from .frames import (
    VIDEO_SUFFIXES,
    Capture,
    Frame,
    Image,
    Images,
    Source,
    is_stream,
    open_frames,
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
            Capture(str(path), str(path), False, loader).capture.release()

    def __iter__(self) -> Iterator[Frame]:
        for path in self.paths:
            yield from open_frames(path, loader=self.loader)


def open_sources(
    inputs: Source | Sequence[Image],
    rank: int,
    world_size: int,
    loader: LoadAnyDepthImage,
    recursive: bool = False,
) -> Images | Capture | Sources:
    """Frames of what the user named, see :func:`open_frames`.

    Args:
        inputs: What that takes; or a pattern such as ``'line/*.png'``, or a list of
            files, folders, patterns and videos.
        rank: Which of several processes this one is.
        world_size: How many processes share the images.
        loader: How a file becomes an array.
        recursive: Take the images of sub-folders too. Those of a folder that has no
            image itself are taken in any case.

    Raises:
        FileNotFoundError: An input is missing, or no file fits a pattern.
        InputError: See :func:`open_frames`.
    """
    if isinstance(inputs, int | np.ndarray) or is_stream(inputs):
        return open_frames(inputs, rank, world_size, loader)
    several = inputs if isinstance(inputs, list | tuple) else [inputs]
    found = [path for each in several for path in _expand(each, recursive)]
    if not any(map(_is_video, found)):
        return open_frames(found, rank, world_size, loader)
    if len(found) == 1 or world_size > 1:
        video = next(filter(_is_video, found))
        return open_frames(video, rank, world_size, loader)
    return Sources(found, loader)


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
