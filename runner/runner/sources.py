# Copyright (c) mmacnn authors. All rights reserved.
"""Where frames come from: a folder, an image, a video, a camera."""

import os
import re

import cv2

from .errors import UserError
from .pixels import decode, to_bgr8

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff')
# A USB camera skips a frame now and then; so many in a row mean that it is gone.
MISSED_FRAMES = 5

# What a CSI camera delivers stays in the GPU's memory until it is scaled and converted.
# Frames that nobody fetched in time are dropped, so that each is a present one.
CSI_PIPELINE = (
    'nvarguscamerasrc sensor-id={sensor} ! '
    'video/x-raw(memory:NVMM), width=(int){width}, height=(int){height}, '
    'framerate=(fraction){fps}/1 ! '
    'nvvidconv flip-method={flip} ! video/x-raw, format=(string)BGRx ! '
    'videoconvert ! video/x-raw, format=(string)BGR ! '
    'appsink drop=true max-buffers=1 sync=false'
)


def open_source(source, width, height, fps, flip, depth=None):
    """Frames of what the user named.

    Args:
        source (str): a folder of images, an image, a video, the number of a USB camera
            ('0'), 'csi:0' for a camera on the CSI connector, or a URL that OpenCV
            opens ('rtsp://...').
        width (int): of a camera's frames.
        height (int): of a camera's frames.
        fps (int): frames a second that a camera is asked for.
        flip (int): ``flip-method`` of a CSI camera; 2 turns the picture by 180 degrees.
        depth (int): bits of the camera whose images have 16; see ``pixels.to_bgr8``.

    Returns:
        Images | Capture: gives (name, frame, error) when it is gone through, frames
        (H, W, 3) uint8 BGR, or None and what is wrong with the file.

    Raises:
        UserError: nothing is there, or it cannot be opened.
    """
    csi = re.match(r'csi:([0-9]+)$', source)
    if os.path.isdir(source) or source.lower().endswith(IMAGE_SUFFIXES):
        return Images(source, depth)
    if csi:
        pipeline = CSI_PIPELINE.format(
            sensor=csi.group(1), width=width, height=height, fps=fps, flip=flip
        )
        capture = cv2.VideoCapture(pipeline, cv2.CAP_GSTREAMER)
        hint = 'is the cable in, and does OpenCV have GStreamer? Try: nvgstcapture-1.0'
        return Capture(capture, source, hint, is_live=True, depth=depth)
    if source.isdigit():
        capture = cv2.VideoCapture(int(source))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        capture.set(cv2.CAP_PROP_FPS, fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        hint = 'is it plugged in, and not in use? See: ls /dev/video*'
        return Capture(capture, 'camera ' + source, hint, is_live=True, depth=depth)
    if '://' in source:
        capture = cv2.VideoCapture(source)
        return Capture(capture, source, 'can it be reached?', is_live=True, depth=depth)
    if not os.path.isfile(source):
        raise UserError(
            f'{source}: no such folder, image or video (a camera is a number, or csi:0)'
        )
    capture = cv2.VideoCapture(source)
    return Capture(capture, source, 'is it a video?', is_live=False, depth=depth)


class Images:
    """Image files, in the order of their names.

    Args:
        path (str): a folder, or one image.
        depth (int): see ``open_source``.
    """

    def __init__(self, path, depth=None):
        self._depth = depth
        if not os.path.isdir(path):
            self._paths = [path]
        else:
            self._paths = [
                os.path.join(path, name)
                for name in sorted(os.listdir(path))
                if name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')
            ]
        if not self._paths:
            raise UserError(f'{path}: no images in this folder')

    def __iter__(self):
        for path in self._paths:
            frame = decode(path) if os.path.isfile(path) else None
            if frame is None:
                yield path, None, f'{path}: not a readable image'
            else:
                yield _converted(path, frame, self._depth)

    def close(self):
        pass


class Capture:
    """A video or a camera.

    Args:
        capture (cv2.VideoCapture): opened.
        name (str): to name it by.
        hint (str): what to look at if there is no frame.
        is_live (bool): a camera, which has no end: a missing frame is a fault.
        depth (int): see ``open_source``.
    """

    def __init__(self, capture, name, hint, is_live, depth=None):
        self._capture, self._name, self._hint = capture, name, hint
        self._depth, self._is_live = depth, is_live
        if not capture.isOpened():
            raise UserError(f'{name}: cannot be opened: {hint}')

    def __iter__(self):
        number = missed = 0
        while missed < MISSED_FRAMES:
            is_there, frame = self._capture.read()
            if is_there:
                yield _converted(f'{self._name}#{number}', frame, self._depth)
                number, missed = number + 1, 0
            elif self._is_live:
                missed += 1
            else:
                break
        if self._is_live or number == 0:
            raise UserError(
                '{}: no {}frame: {}'.format(
                    self._name, 'more ' if number else '', self._hint
                )
            )

    def close(self):
        self._capture.release()


def _converted(name, frame, depth):
    """(name, frame, error) with the frame as the model takes it."""
    try:
        return name, to_bgr8(frame, depth, name), ''
    except UserError as error:
        return name, None, str(error)
