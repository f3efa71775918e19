# Copyright (c) mmacnn authors. All rights reserved.
"""The options of live cameras and of receivers."""

from .triggers import is_trigger

SINKS = (
    'mqtt://, http(s)://, opc.tcp://, modbus://, folders:DIR or plugin:CLASS:ADDRESS'
)


def trigger(text):
    """A ``type`` for argparse."""
    if not is_trigger(text):
        raise ValueError
    return text


def seconds(text):
    """A number above 0, a ``type`` for argparse."""
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def add_station_arguments(parser):
    """Add the options of live cameras and of receivers.

    Args:
        parser (argparse.ArgumentParser): of ``inspect``, or of the board's runner.
    """
    parser.add_argument(
        '--trigger',
        type=trigger,
        default='',
        metavar='WHAT',
        help='when to take a frame of a camera: camera (it is triggered itself), stdin '
        '(a line), udp:PORT or udp:ADDRESS:PORT (a datagram), every:SECONDS (always, '
        'the newest frame)',
    )
    parser.add_argument(
        '--stall',
        type=seconds,
        default=5.0,
        metavar='SECONDS',
        help='without a frame for so long, a camera is opened again (5)',
    )
    parser.add_argument(
        '--sink',
        nargs='+',
        action='append',
        default=[],
        metavar='ADDRESS',
        help=f'where each result goes too: {SINKS}',
    )
    parser.add_argument(
        '--spool',
        default='spool',
        metavar='DIR',
        help='where results wait while a receiver is away (./spool)',
    )
