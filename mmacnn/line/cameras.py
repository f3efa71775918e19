# Copyright (c) mmacnn authors. All rights reserved.
"""Opening a camera: USB, CSI, network, GenICam."""

import os
from collections import namedtuple
from glob import glob

import cv2

from .errors import LineError
from .extras import import_extra
from .names import camera_name

# A URL that does not answer is given up after this.
ANSWER_SECONDS = 5

# What a CSI camera delivers stays in the GPU's memory until it is scaled and converted.
CSI_PIPELINE = (
    'nvarguscamerasrc sensor-id={sensor} ! '
    'video/x-raw(memory:NVMM), width=(int){width}, height=(int){height}, '
    'framerate=(fraction){fps}/1 ! '
    'nvvidconv flip-method={flip} ! video/x-raw, format=(string)BGRx ! '
    'videoconvert ! video/x-raw, format=(string)BGR ! '
    'appsink drop=true max-buffers=1 sync=false'
)
HINTS = (
    ('csi:', 'is the cable in, and does OpenCV have GStreamer? Try: nvgstcapture-1.0'),
    ('gige:', 'is it on, and in no other program?'),
    ('', 'is it plugged in, and free? See: ls /dev/video*'),
)

# Frames that a camera is asked for: pixels, a second, and flip-method of a CSI camera.
Mode = namedtuple('Mode', 'width height fps flip')
DEFAULT_MODE = Mode(1280, 720, 30, 0)


def hint(source):
    """What to look at where there is no frame."""
    if '://' in source:
        return 'can it be reached?'
    return next(text for prefix, text in HINTS if source.startswith(prefix))


def open_camera(source, mode=None):
    """Open a camera.

    Args:
        source (str): number of a USB camera, ``csi:NUMBER``, ``gige:NUMBER`` or
            ``gige:SERIAL``, or a URL that OpenCV opens.
        mode (Mode): what to ask a USB or CSI camera for; None for its own.

    Returns:
        ``read() -> (bool, (H, W, 3) or (H, W) array)`` and ``release()``.

    Raises:
        LineError: it cannot be opened.
    """
    if source.startswith('gige:'):
        return GenICam(source)
    if source.startswith('csi:'):
        settings = dict((mode or DEFAULT_MODE)._asdict(), sensor=source[4:])
        pipeline = CSI_PIPELINE.format(**settings)
        capture = cv2.VideoCapture(pipeline, cv2.CAP_GSTREAMER)
    elif '://' in source:
        capture = _open_url(source)
    else:
        capture = cv2.VideoCapture(int(source))
        if mode is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, mode.width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.height)
            capture.set(cv2.CAP_PROP_FPS, mode.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    if not capture.isOpened():
        raise LineError(f'{camera_name(source)}: cannot be opened: {hint(source)}')
    return capture


def _open_url(url):
    # Else the first frames are those that waited while the stream was looked at, and
    # each try to reach a camera that is away is a line of FFmpeg's own.
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    name = 'OPENCV_FFMPEG_CAPTURE_OPTIONS'
    is_ours = name not in os.environ
    os.environ.setdefault(name, 'rtsp_transport;tcp|fflags;nobuffer')
    try:
        return _open_in_time(url)
    finally:
        if is_ours:  # With it, a video that is opened later lacks its last frame.
            os.environ.pop(name, None)


def _open_in_time(url):
    if not hasattr(cv2, 'CAP_PROP_READ_TIMEOUT_MSEC'):  # the OpenCV of JetPack 4.6
        return cv2.VideoCapture(url)
    limits = []
    for limit in (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC):
        limits += [limit, 1000 * ANSWER_SECONDS]
    if hasattr(cv2, 'CAP_PROP_N_THREADS'):
        # Each thread that decodes keeps a frame back: 7 frames on 8 cores.
        limits += [cv2.CAP_PROP_N_THREADS, 1]
    return cv2.VideoCapture(url, cv2.CAP_ANY, limits)


class GenICam:
    """A GigE Vision or USB3 Vision camera, through harvesters.

    The maker's producer, a ``.cti`` file, is found by ``GENICAM_GENTL64_PATH``, which
    its installation sets.

    Args:
        source (str): ``gige:NUMBER`` in the order of discovery, or ``gige:SERIAL``.

    Raises:
        LineError: harvesters or a producer is missing, or there is no such camera.
    """

    # Of PFNC, the names of pixel formats, to BGR; grey stays as it is.
    COLOURS = dict(
        RGB8=cv2.COLOR_RGB2BGR,
        RGBa8=cv2.COLOR_RGBA2BGR,
        BGRa8=cv2.COLOR_BGRA2BGR,
        BayerRG8=cv2.COLOR_BayerBG2BGR,
        BayerGR8=cv2.COLOR_BayerGB2BGR,
        BayerGB8=cv2.COLOR_BayerGR2BGR,
        BayerBG8=cv2.COLOR_BayerRG2BGR,
    )

    def __init__(self, source):
        core = import_extra(source, 'harvesters.core', 'harvesters')
        gentl = import_extra(source, 'genicam.gentl', 'harvesters')
        folders = os.environ.get('GENICAM_GENTL64_PATH', '').split(os.pathsep)
        producers = [file for each in folders for file in glob(f'{each}/*.cti')]
        if not producers:
            raise LineError(
                f'{source}: found no .cti file in GENICAM_GENTL64_PATH, expected the '
                "producer of the camera's maker"
            )
        self._source, self._timeout = source, gentl.TimeoutException
        self._harvester = core.Harvester()
        for file in producers:
            self._harvester.add_file(file)
        which = source[5:]
        wanted = int(which) if len(which) < 3 else dict(serial_number=which)
        try:
            self._harvester.update()
            self._camera = self._harvester.create(wanted)
            self._camera.start()
        except Exception as error:  # each producer has errors of its own
            self._harvester.reset()
            raise LineError(f'{source}: cannot be opened: {error}') from error

    def read(self):
        """See ``open_camera``; (False, None) where none came within a second."""
        try:
            buffer = self._camera.fetch(timeout=1)
            if buffer is None:  # packets of it are missing
                return False, None
            with buffer:
                part = buffer.payload.components[0]
                shape = (part.height, part.width, -1)
                image, pixels = part.data.reshape(shape).copy(), part.data_format
        except self._timeout:
            return False, None
        except Exception as error:
            raise LineError(f'{self._source}: {error}') from error
        if pixels in self.COLOURS:
            return True, cv2.cvtColor(image, self.COLOURS[pixels])
        if pixels in ('Mono8', 'Mono10', 'Mono12', 'Mono16'):
            return True, image[..., 0]
        if pixels == 'BGR8':
            return True, image
        raise LineError(
            f'{self._source}: found the pixel format {pixels}, expected Mono, BGR8 or '
            + ', '.join(self.COLOURS)
        )

    def release(self):
        self._camera.destroy()
        self._harvester.reset()
