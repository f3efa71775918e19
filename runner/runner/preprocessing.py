# Copyright (c) mmacnn authors. All rights reserved.
"""Frame -> network input, as the test pipeline does it in training."""

from typing import Any, NamedTuple, Tuple

import cv2
import numpy as np

from .errors import UserError


class Prepared(NamedTuple):
    """A network input, and how to come back from it to the frame.

    Args:
        array: (B, C, H, W) or (B, H, W, C), contiguous.
        input_size: (H, W) of it.
        size: (height, width) of the frame's part of it; right and below is padding.
        scale: (x, y), pixels of the input for one of the frame.
        frame_size: (height, width) of the frame.
    """

    array: Any
    input_size: Tuple[int, int]
    size: Tuple[int, int]
    scale: Tuple[float, float]
    frame_size: Tuple[int, int]


class InputFormat:
    """What ``input`` of detail.json says.

    Args:
        facts (dict): the entry.

    Raises:
        KeyError, TypeError, ValueError: it is not as it should be.
    """

    def __init__(self, facts):
        self.name = facts['name']
        self.dtype = np.dtype(facts['dtype'])
        self.shape = tuple(facts['shape'])  # None where any size goes
        self.is_channels_last = facts['layout'] == 'NHWC'
        colours, _, mask = facts['channels'].partition('+')
        self.has_mask = mask == 'mask'
        self.depth = facts.get('depth')  # bits of the camera whose images have 16
        self.is_rgb = colours == 'RGB'
        self.mean, self.std = facts['mean'], facts['std']
        self.keep_ratio = bool(facts.get('keep_ratio'))
        self.divisor = facts.get('pad_divisor') or 1
        self.pad_value = facts.get('pad_value') or 0
        sides = self.shape[1:3] if self.is_channels_last else self.shape[2:4]
        self.fixed_size = sides  # of the graph
        size = facts.get('size') or sides
        self.size = None if None in size else tuple(int(side) for side in size)
        if len(self.shape) != 4 or colours not in ('RGB', 'BGR'):
            raise ValueError(f'an input of shape {self.shape}, {colours}')
        self.std = None if self.std is None else np.float32(self.std)
        self.mean = None if self.mean is None else tuple(float(x) for x in self.mean)

    @property
    def batch(self):
        """The one batch size that the graph takes; None for any."""
        return self.shape[0]

    def prepare(self, frame, masks=()):
        """Frame -> network input.

        Args:
            frame (np.ndarray): (H, W, 3) uint8 BGR, of any size.
            masks (list): (H, W) uint8, 1 on a prompt region, an entry of the batch for
                each, where the model takes them.

        Returns:
            Prepared: the input.

        Raises:
            UserError: the frame does not fit a graph of one size.
        """
        size = self._target(frame.shape[:2])
        array = self._colours(frame, size)
        array = self._padded(array, size)
        sides = array.shape[1:3] if self.is_channels_last else array.shape[2:]
        if self.has_mask:
            array = self._with_masks(array, sides, size, masks)
        array = np.ascontiguousarray(array)
        scale = size[1] / frame.shape[1], size[0] / frame.shape[0]
        return Prepared(array, sides, size, scale, frame.shape[:2])

    def _target(self, sides):
        """(height, width) to which a frame of ``sides`` is resized."""
        if self.size is None:
            return sides
        if not self.keep_ratio:
            return self.size
        # As mmcv: the long side fits the long one, the short side the short one.
        scale = min(max(self.size) / max(sides), min(self.size) / min(sides))
        return tuple(int(side * scale + 0.5) for side in sides)

    def _colours(self, frame, size):
        height, width = size
        if self.is_channels_last:
            if frame.shape[:2] != size:
                frame = cv2.resize(frame, (width, height))
            if self.is_rgb:
                frame = frame[..., ::-1]
            if self.mean is not None:
                frame = np.float32(frame) - np.float32(self.mean)
            if self.std is not None:
                frame = frame / self.std
            return frame[None].astype(self.dtype, copy=False)
        # One pass in C++, many times faster than the same in numpy.
        array = cv2.dnn.blobFromImage(
            frame, 1.0, (width, height), self.mean or (0, 0, 0), swapRB=self.is_rgb
        )
        if self.std is not None:
            array *= (1 / self.std)[:, None, None]
        return array.astype(self.dtype, copy=False)

    def _padded(self, array, size):
        """Padding on the right and below, to what the graph or the divisor asks for."""
        sides = [
            fixed or -(-side // self.divisor) * self.divisor
            for side, fixed in zip(size, self.fixed_size)
        ]
        if tuple(sides) == tuple(size):
            return array
        if any(side < found for side, found in zip(sides, size)):
            raise UserError(
                'a frame became {}x{} pixels, expected at most {}x{}, which the model '
                'takes: export it with a larger or any size'.format(
                    *(*size[::-1], *sides[::-1])
                )
            )
        after = [(0, side - found) for side, found in zip(sides, size)]
        none = (0, 0)
        if self.is_channels_last:
            pads = [none] + after + [none]
        else:
            pads = [none, none] + after
        return np.pad(array, pads, 'constant', constant_values=self.pad_value)

    def _with_masks(self, array, sides, size, masks):
        """The frame once for each mask, the mask as its last channel."""
        axis = 3 if self.is_channels_last else 1
        channel = np.zeros((len(masks), *sides), array.dtype)
        for i, mask in enumerate(masks):
            channel[i, : size[0], : size[1]] = resize_mask(mask, size)
        array = np.repeat(array, len(masks), axis=0)
        return np.concatenate((array, np.expand_dims(channel, axis)), axis)


def resize_mask(mask, size):
    """Bring a mask to (height, width); it never vanishes.

    A region that is too thin for the new grid keeps the pixels that it touches.

    Args:
        mask (np.ndarray): (H, W) uint8.
        size (tuple): (height, width).
    """
    resized = cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST)
    if mask.any() and not resized.any():
        # OpenCV takes areas only where both sides shrink, so one that grows waits.
        smaller = tuple(min(side, old) for side, old in zip(size, mask.shape))
        fraction = cv2.resize(
            mask.astype(np.float32), smaller[::-1], interpolation=cv2.INTER_AREA
        )
        touched = (fraction > 0).astype(np.uint8)
        resized = cv2.resize(touched, size[::-1], interpolation=cv2.INTER_NEAREST)
    return resized
