#!/usr/bin/env python3
# Copyright (c) mmacnn authors. All rights reserved.
"""Look at frames of a camera, a video or a folder with a model folder's engine.

Needs Python 3.6, numpy, OpenCV and TensorRT, all of which JetPack carries.
Exit status: 0, 1 if an image could not be read, 2 if it could not run.
"""

import argparse
import os
import sys
import time
from contextlib import ExitStack

# Before OpenCV is imported: by default a header may claim a billion pixels.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(1 << 27))

import numpy as np
from runner.backends import BACKENDS
from runner.errors import UserError
from runner.model_folder import ModelFolder
from runner.sinks import PictureFolder, ResultFile, Window
from runner.sources import open_source
from runner.statistics import Statistics, Times

WARM_UP = 3  # the first runs choose kernels and allocate
REPORT_SECONDS = 5.0


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder', help='model folder that tools/deploy.py wrote')
    parser.add_argument(
        'source',
        help='folder of images, image, video, number of a USB camera (0), csi:0 for '
        'a camera on the CSI connector, or an address such as rtsp://...',
    )
    parser.add_argument(
        '--backend',
        choices=sorted(BACKENDS),
        default='tensorrt',
        help='what runs the network (%(default)s)',
    )
    parser.add_argument(
        '--results', metavar='FILE', help='new .csv or .jsonl file, a line each frame'
    )
    parser.add_argument(
        '--pictures', metavar='DIR', help='new or empty folder, a picture each frame'
    )
    parser.add_argument('--show', action='store_true', help='show frames in a window')
    parser.add_argument('--max-frames', type=int, metavar='N', help='stop after N')
    for name, value, what in (
        ('--width', 1280, "width of a camera's frames"),
        ('--height', 720, "height of a camera's frames"),
        ('--fps', 30, 'frames a second that a camera is asked for'),
        ('--flip', 0, "a CSI camera's flip-method, 2 for upside down"),
    ):
        help_text = f'{what} (%(default)s)'
        parser.add_argument(name, type=int, default=value, help=help_text)
    return parser.parse_args()


def look(model, backend, frame):
    """Predict on one frame.

    Returns:
        tuple: the result, and how long each stage took.
    """
    start = time.perf_counter()
    array = model.prepare(frame)
    prepared = time.perf_counter()
    outputs = backend.run(array)
    inferred = time.perf_counter()
    result = model.decode(outputs, frame.shape)
    end = time.perf_counter()
    return result, Times(prepared - start, inferred - prepared, end - inferred)


def watch(model, backend, frames, sinks, statistics, max_frames=None):
    """Run the model on frames until they end, or the user ends it.

    Args:
        model (ModelFolder): the model.
        backend: its network, see ``backends``.
        frames (iterable): (name, frame).
        sinks (list): where results go.
        statistics (Statistics): counts.
        max_frames (int): stop after so many; None for all.
    """
    for _ in range(WARM_UP):
        backend.run(np.zeros(model.input_shape, model.dtype))
    statistics.start()
    reported = time.time()
    for name, frame in frames:
        result, times = look(model, backend, frame)
        statistics.add(times)
        for sink in sinks:
            sink.write(frame, name, result, times)
        if time.time() - reported >= REPORT_SECONDS:
            reported = time.time()
            speed = statistics.frames_per_second()
            found = f'{name}: {result.name} {result.score:.2f}'
            sys.stderr.write(f'{speed:.1f} frames a second, {found}\n')
        if statistics.count == max_frames:
            break


def main():
    args = parse_args()
    statistics, source = Statistics(), None
    with ExitStack() as stack:

        def opened(thing):
            stack.callback(thing.close)
            return thing

        try:
            model = ModelFolder(args.folder)
            source = opened(
                open_source(args.source, args.width, args.height, args.fps, args.flip)
            )
            backend = opened(BACKENDS[args.backend](model))
            sinks = []
            for path, sink in (
                (args.results, ResultFile),
                (args.pictures, PictureFolder),
            ):
                if path is not None:
                    sinks.append(opened(sink(path)))
            if args.show:
                sinks.append(opened(Window()))
            watch(model, backend, source, sinks, statistics, args.max_frames)
        except KeyboardInterrupt:
            pass  # how a person ends a camera's run
        except (UserError, OSError) as error:
            sys.stderr.write(f'error: {error}\n')
            return 2
        finally:
            if statistics.count:
                print(statistics.summary())
    return 1 if source is not None and source.num_unreadable else 0


if __name__ == '__main__':
    sys.exit(main())
