#!/usr/bin/env python3
# Copyright (c) mmacnn authors. All rights reserved.
"""Inspect frames of a camera, a video or a folder with a model folder.

Needs Python 3.6, numpy, OpenCV and TensorRT, all of which JetPack carries, or ONNX
Runtime or OpenVINO. Exit status: 0, 1 if a frame has no result, 2 if it could not run.
"""

import argparse
import os
import sys
import time
from contextlib import ExitStack, suppress
from itertools import chain

# Before OpenCV is imported: by default a header may claim a billion pixels.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(1 << 27))

try:
    from line.cameras import Mode
except ImportError:
    sys.exit(
        'error: runner/line is missing, a link that was not followed: copy the folder '
        'with `cp -rL` or `scp -r`, or export with `tools/deploy.py --runner`'
    )
from line.record import hash_file, hash_values
from line.record_arguments import add_record_arguments, open_record
from line.rules import read_folder_rules
from line.station import open_station, uninterrupted
from line.station_arguments import add_station_arguments
from line.tile_arguments import add_tile_arguments
from runner.backends import BACKENDS
from runner.drawing import draw
from runner.errors import UserError
from runner.golden import check_golden
from runner.inspection import Inspection
from runner.model_folder import ModelFolder
from runner.regions import Regions
from runner.sinks import PictureFolder, ResultFile, Window
from runner.sources import open_source
from runner.statistics import Statistics

WARM_UP = 3  # the first runs choose kernels and allocate
REPORT_SECONDS = 5.0


def probability(text):
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError
    return value


def numbers(text):
    return [float(part) for part in text.split(',')]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder', help='model folder that tools/deploy.py wrote')
    parser.add_argument(
        'source',
        nargs='*',
        help='images, folders of them; a video; or cameras: number of a USB camera '
        '(0), csi:0 for one on the CSI connector, gige:0 for GenICam, rtsp://..., http://...',
    )
    parser.add_argument(
        '--backend',
        choices=sorted(BACKENDS),
        help='what runs the network (an engine if there is one, else what the folder '
        'was exported for)',
    )
    parser.add_argument(
        '--results', metavar='FILE', help='new .csv or .jsonl file, a line each frame'
    )
    parser.add_argument(
        '--pictures', metavar='DIR', help='new or empty folder, a picture each frame'
    )
    parser.add_argument('--show', action='store_true', help='show frames in a window')
    parser.add_argument('--max-frames', type=int, metavar='N', help='stop after N')
    parser.add_argument(
        '--calibrate-drift',
        action='store_true',
        help='take these frames for usual ones: how they look goes into drift.json of '
        'the model folder, and is watched in later runs',
    )
    add_station_arguments(parser)
    add_verdict_arguments(parser)
    add_record_arguments(parser)
    add_tile_arguments(parser)
    add_region_arguments(parser)
    for name, value, what in (
        ('--width', 1280, "width of a camera's frames"),
        ('--height', 720, "height of a camera's frames"),
        ('--fps', 30, 'frames a second that a camera is asked for'),
        ('--flip', 0, "a CSI camera's flip-method, 2 for upside down"),
    ):
        help_text = f'{what} (%(default)s)'
        parser.add_argument(name, type=int, default=value, help=help_text)
    args = parser.parse_args()
    if not args.source and not args.check_golden:
        parser.error('expected a source, or --check-golden')
    return args


def add_verdict_arguments(parser):
    parser.add_argument(
        '--accept',
        nargs='+',
        metavar='CLASS',
        help='classes that pass (the good one; where products are named, all)',
    )
    parser.add_argument(
        '--min-score',
        type=probability,
        metavar='SCORE',
        help='below this score of the class the verdict is "unsure" (0)',
    )
    parser.add_argument(
        '--rules',
        metavar='FILE',
        help="verdict rules, .json (the model folder's, if it has some)",
    )
    parser.add_argument(
        '--check-golden',
        action='store_true',
        help='inspect the golden parts of the model folder, which is done before each '
        'run, and no frames',
    )
    parser.add_argument(
        '--score-thr',
        type=probability,
        default=0.3,
        metavar='SCORE',
        help="from which score a detector's box counts (0.3)",
    )


def add_region_arguments(parser):
    several = dict(nargs='+', action='append', default=[])
    parser.add_argument(
        '--mask',
        **several,
        metavar='FILE',
        help="picture of the frame's size, 0 but on the region",
    )
    parser.add_argument(
        '--box',
        **several,
        type=numbers,
        metavar='X,Y,W,H',
        help='left, top, width and height in pixels',
    )
    parser.add_argument(
        '--polygon',
        **several,
        type=numbers,
        metavar='X,Y,X,Y,X,Y',
        help='corners in pixels',
    )


def inspect(inspection, frames, sinks, statistics, max_frames=None):
    """Run the model on frames until they end, or the user ends it.

    Args:
        inspection (Inspection): the model.
        frames (iterable): of ``Frame``.
        sinks (Sinks): where results go.
        statistics (Statistics): counts.
        max_frames (int): stop after so many; None for all.
    """
    is_warm = False
    reported = started = time.time()
    for source, frame, error, arrived in frames:
        read = time.time() - started
        if frame is not None and not is_warm:
            is_warm = True
            inspection.warm_up(frame, WARM_UP)
            statistics.start()
        taken = time.monotonic()
        result = inspection(source, frame, read, error)
        if arrived is not None and result.milliseconds:
            age = 1000 * (taken - arrived)
            result = result._replace(milliseconds=dict(result.milliseconds, age=age))
        if result.error:
            sys.stderr.write(f'{result.error}\n')
        with uninterrupted():
            sinks.write(frame, result)
        statistics.add(result)
        if time.time() - reported >= REPORT_SECONDS:
            reported = time.time()
            speed = statistics.frames_per_second()
            found = f'{result.verdict} {result.class_name}'.strip()
            sys.stderr.write(f'{speed:.1f} frames a second, {source}: {found}\n')
        if statistics.count == max_frames:
            break
        started = time.time()


class Sinks:
    """A file of results, a folder of pictures and a window, as far as asked for.

    Args:
        results (str): file.
        pictures (str): folder.
        has_window (bool): whether to show frames.
        threshold (float): of the model's map.
        station (Station): takes each frame and result too.
        record (Record): takes each result; None for none.
    """

    def __init__(self, results, pictures, has_window, threshold, station, record=None):
        self._threshold, self._station = threshold, station
        self._record = record
        self._pictures = PictureFolder(pictures) if pictures else None
        self._window = Window() if has_window else None
        self._results = ResultFile(results) if results else None

    def write(self, frame, result):
        """Write a result, and draw it on its frame."""
        if self._record is not None:
            self._record.write(frame, result.to_dict())
        has_pictures = self._pictures is not None or self._window is not None
        if has_pictures and frame is not None and not result.error:
            picture = draw(frame, result, self._threshold)
            if self._pictures is not None:
                path = self._pictures.write(result.source, picture)
                result = result._replace(picture=path)
            if self._window is not None:
                self._window.write(picture)
        if self._results is not None:
            self._results.write(result)
        self._station.write(frame, result)

    def close(self):
        for sink in (self._results, self._window, self._record):
            if sink is not None:
                sink.close()


def run(args, statistics):
    """See the module; ``statistics`` counts.

    Raises:
        UserError, OSError: something that the user can fix.
    """
    flat = {
        name: list(chain.from_iterable(getattr(args, name)))
        for name in ('mask', 'box', 'polygon')
    }
    regions = Regions(flat['mask'], flat['box'], flat['polygon'])
    with ExitStack() as stack:

        def opened(thing):
            stack.callback(thing.close)
            return thing

        model = ModelFolder(args.folder)
        frames = args.source and opened(
            open_source(
                args.source,
                model.input.depth,
                Mode(args.width, args.height, args.fps, args.flip),
                args.trigger,
                args.stall,
            )
        )
        args.backend = args.backend or model.backend
        backend = opened(BACKENDS[args.backend](model))
        count = check_golden(model, backend)
        if args.check_golden:
            print(f'{count} golden parts have the results that they must have')
            return
        inspection = Inspection(
            model,
            backend,
            regions,
            rules_of(args),
            args.score_thr,
            args.tile,
            args.overlap,
        )
        threshold = model.outputs.get('map', {}).get('threshold')
        station = opened(
            open_station(args, model.drift, model.drift_file, args.calibrate_drift)
        )
        record = args.record and open_record(args, facts_of(args, model, inspection))
        sinks = opened(
            Sinks(args.results, args.pictures, args.show, threshold, station, record)
        )
        with suppress(KeyboardInterrupt):  # how a person ends a camera's run
            inspect(inspection, frames, sinks, statistics, args.max_frames)
        if args.calibrate_drift:
            station.calibration.store(model.drift_file)


def rules_of(args):
    """The verdict rules, those of the command line first."""
    rules = dict(read_folder_rules(args.rules or args.folder))
    if args.accept is not None:
        rules['accept'] = args.accept
    if args.min_score is not None:
        rules['min_score'] = args.min_score
    return rules


def facts_of(args, model, inspection):
    """Hashes of what decides, for the record."""
    files = dict(tensorrt=model.engine, openvino=model.openvino_weights)
    network = files.get(args.backend, model.onnx)
    settings = dict(score_thr=args.score_thr)
    if args.tile is not None:
        settings['tiles'] = [args.tile, args.overlap]
    return dict(
        model=hash_file(network),
        config=hash_file(os.path.join(model.path, 'detail.json')),
        rules=hash_values(dict(inspection.judge.rules, **settings)),
    )


def main():
    args = parse_args()
    statistics = Statistics()
    try:
        run(args, statistics)
    except (UserError, OSError) as error:
        sys.stderr.write(f'error: {error}\n')
        return 2
    finally:
        if statistics.count:
            print(statistics.summary())
    return 1 if statistics.num_errors else 0


if __name__ == '__main__':
    sys.exit(main())
