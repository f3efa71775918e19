# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine import fileio

from mmacnn.datasets.pixels import DEPTHS, decode, to_bgr8
from mmacnn.registry import TRANSFORMS
from mmacnn.utils import InputError


@TRANSFORMS.register_module()
class LoadAnyDepthImage(BaseTransform):
    """Read an image of 8 or 16 bits or floating-point numbers, grey or colour.

    8 bits are read as by mmcv's ``LoadImageFromFile``, which keeps the upper eight of
    16 bits and so leaves the image of a 12-bit camera almost black. Here ``depth``
    tells the range, the same for all images. A ``depth`` at the top of a config is that
    of all its loaders.

    Required key: ``img_path``. Added keys: ``img`` (H, W, 3) uint8, BGR, grey repeated
    and transparency dropped; ``img_shape``, ``ori_shape``.

    Args:
        depth: Bits of the camera whose files have 16, 8 to 16. By default 16, and files
            that would become dark so are refused; see
            :func:`mmacnn.datasets.pixels.to_bgr8`.
        backend_args: How mmengine opens the files. By default from the disk.

    Raises:
        InputError: The file is no image, or its levels are not in the range.
    """

    def __init__(
        self, depth: int | None = None, backend_args: dict | None = None
    ) -> None:
        if depth is not None and depth not in DEPTHS:
            raise InputError(
                f'LoadAnyDepthImage: depth is {depth!r}, expected 8 to 16 bits'
            )
        self.depth = depth
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Add ``img`` and its sizes."""
        image = self.read(results['img_path'])
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results

    def read(self, path: str) -> np.ndarray:
        """The image (H, W, 3) in a file, as in the class docstring."""
        image = decode(fileio.get(path, backend_args=self.backend_args))
        if image is None:
            raise InputError(
                f'{path}: found no picture in it, expected one that OpenCV can read'
            )
        return to_bgr8(image, self.depth, path)

    def convert(self, image: np.ndarray, name: str) -> np.ndarray:
        """The image (H, W, 3) in an array of any kind that a camera delivers."""
        return to_bgr8(image, self.depth, name)

    def __repr__(self) -> str:
        return f'{type(self).__name__}(depth={self.depth})'


def is_loader(step: dict) -> bool:
    """Whether a step of a pipeline reads an image file."""
    return _name(step) in (LoadAnyDepthImage.__name__, 'LoadImageFromFile')


def loader_of(pipeline: Sequence[dict]) -> LoadAnyDepthImage:
    """How a pipeline reads images.

    mmcv's loader is one of no ``depth``: images of 8 bits are the same by both.

    Args:
        pipeline: Steps of a config.

    Raises:
        InputError: The step's settings are wrong.
    """
    for step in pipeline:
        if _name(step) == LoadAnyDepthImage.__name__:
            return LoadAnyDepthImage(**{k: v for k, v in step.items() if k != 'type'})
    return LoadAnyDepthImage()


def _name(step: dict) -> str:
    kind = step['type']
    return kind.rpartition('.')[2] if isinstance(kind, str) else kind.__name__
