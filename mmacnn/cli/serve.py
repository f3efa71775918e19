# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn serve``."""

import argparse
import signal
import socket
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

from mmacnn.line.extras import import_extra
from mmacnn.line.names import is_camera
from mmacnn.line.record_arguments import add_record_arguments, open_record
from mmacnn.line.station_arguments import add_station_arguments, seconds
from mmacnn.service import LOOPBACK
from mmacnn.utils import InputError, check_paths

from .arguments import int_at_least
from .model import add_model_arguments, open_inspector

if TYPE_CHECKING:
    from fastapi import FastAPI

LAYOUTS = ('coco', 'yolo', 'folders')  # of mmacnn.service.feedback, which is slow
PACKAGES = 'fastapi', 'uvicorn', 'prometheus_client'
CONNECTIONS = 1000  # Most at a time; a further one is answered 503.
DESCRIPTION = (
    'Inspect images that other programs send over HTTP, and show the last ones on a '
    'page. Without a token, for programs of this machine alone.'
)


def add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``serve``, which :func:`run_service` takes."""
    parser.description = DESCRIPTION
    parser.add_argument(
        'model', metavar='MODEL', help='config file, or name of a model'
    )
    add_model_arguments(parser)
    parser.add_argument('--host', default='127.0.0.1', help='(%(default)s)')
    parser.add_argument('--port', type=int_at_least(0), default=8000, help='(8000)')
    parser.add_argument(
        '--token-file',
        metavar='FILE',
        help='a text that each request must have; needed for any other --host',
    )
    parser.add_argument(
        '--camera',
        nargs='+',
        default=[],
        metavar='SOURCE',
        help='cameras to inspect too: a number, or the URL of a stream',
    )
    parser.add_argument(
        '--feedback',
        metavar='DIR',
        help='where corrections of the page go; new, or of earlier runs',
    )
    parser.add_argument(
        '--feedback-format',
        choices=LAYOUTS,
        help="how they are written (as the model's training wants it)",
    )
    parser.add_argument(
        '--batch-size',
        type=int_at_least(1),
        default=8,
        metavar='N',
        help='most images that go through the model together (8)',
    )
    parser.add_argument(
        '--queue',
        type=int_at_least(1),
        default=64,
        metavar='N',
        help='images that may wait; further ones are answered 503 (64)',
    )
    for name, default, what in (
        ('--max-mb', 32.0, 'size of an upload, in 10**6 bytes'),
        ('--max-megapixels', 50.0, 'size of its image, in 10**6 pixels'),
        ('--upload-seconds', 10.0, 'until all of it must have arrived'),
        ('--memory-mb', 1024.0, 'for all that wait, and again for the last images'),
    ):
        parser.add_argument(
            name,
            type=seconds,
            default=default,
            metavar='N',
            help=f'{what} ({default:g})',
        )
    add_station_arguments(parser)
    add_record_arguments(parser)


def run_service(args: argparse.Namespace) -> None:
    """Serve until Control-C or SIGTERM.

    Raises:
        OSError: A package, a file or a camera is missing.
        InputError: An argument is wrong.
    """
    check_paths([args.weights, args.backend_model, args.rules, args.token_file])
    if args.host not in LOOPBACK and args.token_file is None:
        raise InputError(
            f'--host {args.host}: expected --token-file FILE with a secret, since '
            'other machines can ask there'
        )
    if args.trigger and not args.camera:
        raise InputError(f'--trigger {args.trigger}: expected a --camera')
    for source in args.camera:
        if not is_camera(source):
            raise InputError(
                f'--camera {source}: expected the number of a camera, or a URL'
            )
    for package in PACKAGES:
        import_extra('serve', package, package)
    # Late: --help and mistakes need not wait for them.
    from mmacnn.inference.sources import Live
    from mmacnn.line.station import open_station
    from mmacnn.service.access import read_token
    from mmacnn.service.app import make_app
    from mmacnn.service.feedback import Feedback, layout_of
    from mmacnn.service.service import Service, Settings
    from mmacnn.service.uploads import Limits

    settings = Settings(
        Limits(args.max_mb, args.max_megapixels, args.upload_seconds),
        args.batch_size,
        args.queue,
        args.memory_mb,
        read_token(args.token_file) if args.token_file else None,
    )
    settings.check()
    inspector = open_inspector(args)
    feedback = None
    if args.feedback:
        layout = args.feedback_format or layout_of(inspector.config)
        feedback = Feedback(args.feedback, layout, inspector.inferencer.classes or ())
    with ExitStack() as stack:
        if args.record is not None:
            inspector.record = open_record(args, inspector.facts())
            stack.enter_context(closing(inspector.record))
        drift = inspector.inferencer.drift
        station = open_station(args, drift, args.backend_model or args.weights or '')
        stack.enter_context(closing(station))
        service = Service(inspector, settings, station, feedback)
        stack.callback(service.close)
        if args.camera:
            loader = inspector.inferencer.loader
            live = Live(args.camera, loader, args.trigger, args.stall)
            stack.callback(live.close)
            service.watch(live)
        _run(make_app(service), args.host, args.port)
    if inspector.record is not None:
        print(f'record: {args.record}, last hash {inspector.record.last_hash}')


def _run(app: 'FastAPI', host: str, port: int) -> None:
    """Answer requests until Control-C or SIGTERM."""
    import uvicorn

    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        place = socket.create_server((host, port), family=family, backlog=CONNECTIONS)
    except OSError as error:
        raise InputError(f'--host {host} --port {port}: {error.strerror}') from None
    config = uvicorn.Config(
        app,
        log_level='warning',
        access_log=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=10,
        server_header=False,
    )
    # uvicorn raises a signal again when it has ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with place, suppress(KeyboardInterrupt):
        print(f'http://{host}:{place.getsockname()[1]}/', flush=True)
        uvicorn.Server(config).run(sockets=[place])
