# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn inspect``, which is also a tool of its own."""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from glob import has_magic
from typing import TYPE_CHECKING

from mmacnn.line.names import is_camera
from mmacnn.line.record_arguments import add_record_arguments
from mmacnn.line.station_arguments import add_station_arguments
from mmacnn.utils import InputError, check_paths, require_screen
from mmacnn.utils.text import printable
from mmacnn.visualization.words import decision

from .arguments import add_launcher, int_at_least
from .model import add_model_arguments, open_inspector
from .record import record_of

if TYPE_CHECKING:
    from mmacnn.inference.result import InspectionResult

LISTED = 20  # More results than this are counted instead of listed.


def add_inspect_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``inspect``, which :func:`run_inspection` takes."""
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='images or their URLs, folders of them, patterns in quotes '
        '("line/*.png"), videos, the number of a camera, or the URL of a stream',
    )
    parser.add_argument(
        '--recursive',
        action='store_true',
        help='take the images of sub-folders too (done where a folder has none itself)',
    )
    parser.add_argument(
        '--model',
        required=True,
        metavar='CONFIG',
        help='config file, or name of a model (see `python -m mmacnn models`)',
    )
    parser.add_argument(
        '--out-dir',
        default='',
        metavar='DIR',
        help='new or empty folder for pictures, results.jsonl and results.csv',
    )
    parser.add_argument(
        '--labels-out',
        nargs=2,
        metavar=('FORMAT', 'DIR'),
        help='write what was found as labels: coco, yolo, voc, labelme, cvat, '
        'label_studio or csv, into a new or empty folder',
    )
    parser.add_argument('--batch-size', type=int_at_least(1), default=1, metavar='N')
    add_model_arguments(parser)
    parser.add_argument('--show', action='store_true', help='show each in a window')
    add_station_arguments(parser)
    parser.add_argument(
        '--calibrate-drift',
        metavar='OUT',
        help='take the images for usual ones: how they look goes into this new '
        'checkpoint; or name the model folder of --backend-model',
    )
    add_record_arguments(parser)
    add_launcher(parser)


def run_inspection(args: argparse.Namespace) -> None:
    """Inspect and print what was found.

    Raises:
        SystemExit: Status 1 if some images have no result.
    """
    if args.show:
        require_screen()
    labels = args.labels_out[1:] if args.labels_out else []
    files = [
        each for each in args.inputs if not is_camera(each) and not has_magic(each)
    ]
    check_paths(
        [*files, args.weights, args.backend_model, args.rules],
        new_files=[] if args.backend_model else [args.calibrate_drift],
        new_folders=[args.out_dir, *labels],
    )
    if args.calibrate_drift and not (args.weights or args.backend_model):
        raise InputError('--calibrate-drift: expected --weights or --backend-model')
    if args.launcher != 'none' and (args.sink or args.calibrate_drift):
        raise InputError('--sink, --calibrate-drift: expected one process alone')
    # Late: --help and mistakes need not wait for them.
    from mmengine.dist import init_dist, is_main_process

    from mmacnn.line.station import open_station

    if args.labels_out:
        from mmacnn.converters.labels.predictions import check_format

        check_format(args.labels_out[0])
    if args.launcher != 'none':
        init_dist(args.launcher)
    inspector = open_inspector(args)
    inspector.record = record_of(args, inspector)
    inputs = args.inputs if len(args.inputs) > 1 else args.inputs[0]
    station = open_station(
        args,
        inspector.inferencer.drift,
        args.backend_model or args.weights or '',
        bool(args.calibrate_drift),
    )
    verdicts: Counter = Counter()
    errors, found = 0, []
    try:
        results = inspector(
            inputs,
            batch_size=args.batch_size,
            show=args.show,
            out_dir=args.out_dir,
            recursive=args.recursive,
            trigger=args.trigger,
            stall=args.stall,
            station=station,
        )
        for result in results:
            verdicts[result.verdict] += 1
            errors += bool(result.error)
            if args.labels_out:
                found.append(replace(result, heatmap=None, mask=None))
            if is_main_process() and verdicts.total() <= LISTED:
                print(describe(result))
    except KeyboardInterrupt:  # how a camera's run ends
        print('stopped')
    finally:
        station.close()
    if args.calibrate_drift:
        from mmacnn.apis.drift import store_drift

        print(store_drift(station.calibration, args.calibrate_drift, args.weights))
    if is_main_process():
        print_summary(verdicts, args.out_dir, inspector.shrinkage.summary())
        if inspector.record is not None:
            inspector.record.close()
            print(f'record: {args.record}, last hash {inspector.record.last_hash}')
        if args.labels_out:
            from mmacnn.converters.labels.predictions import write_predictions

            counts = write_predictions(found, *args.labels_out)
            listed = ', '.join(f'{count} {what}' for what, count in counts.items())
            print(f'labels: {args.labels_out[1]} ({listed})')
    if errors:
        sys.exit(1)


def describe(result: 'InspectionResult') -> str:
    """One result on one line."""
    if result.error:
        return printable(result.error)
    found = [each for each in result.detections if each.score is not None]
    names = [decision(each.class_name, each.score) for each in found]
    if not found and result.score is not None:
        scores = result.score, result.anomaly_score, result.anomaly_threshold
        names = [decision(result.class_name, *scores)]
    names = names or ['nothing']
    return printable(f'{result.source}: {result.verdict}, {", ".join(names)}')


def print_summary(verdicts: Counter, out_dir: str, warning: str = '') -> None:
    """Say how many images had each verdict, what to mind, and where the files are."""
    if verdicts.total() > LISTED:
        print(f'... {verdicts.total()} in all')
    print(', '.join(f'{count} {verdict}' for verdict, count in verdicts.most_common()))
    if warning:
        print(f'warning: {warning}')
    if out_dir:
        print(f'pictures, results.jsonl and results.csv: {out_dir}')
