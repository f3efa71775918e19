# Copyright (c) mmacnn authors. All rights reserved.
"""A folder that tools/deploy.py wrote: frame -> network input, outputs -> result."""

import json
import os
from collections import namedtuple

import cv2
import numpy as np

from .errors import UserError

# label: index of the class; name: the class; score: 0 to 1; roi: x0 y0 x1 y1 in pixels
# of the frame (it may reach outside), or None if the model tells no place.
Result = namedtuple('Result', 'label name score roi')

CONTRACTS = ('classification', 'detection', 'full')


class ModelFolder:
    """What detail.json says about a model.

    Args:
        path (str): the folder.

    Raises:
        UserError: detail.json is missing or damaged, or is none of an A-CNN.
    """

    def __init__(self, path):
        self.path = path
        detail = os.path.join(path, 'detail.json')
        try:
            with open(detail, encoding='utf-8') as file:
                facts = json.load(file)['mmacnn']
            self.contract = facts['contract']
            self.classes = facts['classes']
            if os.path.basename(facts['model']) != facts['model']:
                raise ValueError('a model in another folder')
            self.onnx = os.path.join(path, facts['model'])
            self.engine = os.path.splitext(self.onnx)[0] + '.engine'
            spec = facts['input']
            self.input_name = spec['name']
            self.dtype = np.dtype(spec['dtype'])
            self.layout = spec['layout']
            self.size = tuple(spec['size'])
            self.is_rgb = spec['channels'] == 'RGB'
            self.mean = spec['mean']
            self.std = spec['std']
        except OSError as error:
            raise UserError(
                f'{detail}: expected a folder that tools/deploy.py wrote: '
                f'{error.strerror}'
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f'{detail}: damaged, or not written by tools/deploy.py '
                f'({type(error).__name__}: {error})'
            ) from error
        if self.contract not in CONTRACTS:
            raise UserError(
                f'{detail}: expected a contract of {", ".join(CONTRACTS)}, found '
                f'{self.contract}'
            )

    @property
    def input_shape(self):
        """Shape of the input for one frame."""
        height, width = self.size
        return (1, 3, height, width) if self.layout == 'NCHW' else (1, height, width, 3)

    def prepare(self, frame):
        """Frame -> network input.

        Args:
            frame (np.ndarray): (H, W, 3) uint8 BGR, of any size.

        Returns:
            np.ndarray: of ``input_shape``, contiguous.
        """
        height, width = self.size
        if self.layout == 'NHWC':
            if frame.shape[:2] != self.size:
                frame = cv2.resize(frame, (width, height))
            return np.ascontiguousarray(frame[None], dtype=self.dtype)
        # One pass in C++, many times faster than the same in numpy.
        array = cv2.dnn.blobFromImage(
            frame, 1.0, (width, height), self.mean or (0, 0, 0), swapRB=self.is_rgb
        )
        if self.std is not None:
            array *= (1 / np.float32(self.std))[:, None, None]
        return array

    def decode(self, outputs, frame_shape):
        """Network outputs -> result.

        Args:
            outputs (dict): name -> array with a batch of one.
            frame_shape (tuple): of the frame that was prepared.

        Returns:
            Result: the decision.
        """
        roi = None
        if self.contract == 'detection':
            box = outputs['dets'][0, 0]
            label, score, roi = int(outputs['labels'][0, 0]), box[4], box[:4]
        else:
            name = 'scores' if self.contract == 'full' else 'output'
            scores = outputs[name][0]
            label = int(scores.argmax())
            score = scores[label]
            if self.contract == 'full':
                roi = outputs['roi'][0]
        if roi is not None:
            height, width = self.size
            scale = (frame_shape[1] / width, frame_shape[0] / height)
            roi = tuple(float(edge) * scale[i % 2] for i, edge in enumerate(roi))
        name = self.classes[label] if self.classes else str(label)
        return Result(label, name, float(score), roi)
