# Copyright (c) mmacnn authors. All rights reserved.
"""The options of the record, in ``inspect`` and in the board's runner."""

from .record import KEEP, Record


def kept(text):
    """``VERDICT=N``, a ``type`` for argparse."""
    verdict, _, every = text.partition('=')
    if int(every) < 1:
        raise ValueError
    return verdict, int(every)


def megabytes(text):
    """A number above 0, a ``type`` for argparse."""
    value = float(text)
    if not 0 < value < 1e12:
        raise ValueError
    return value


def add_record_arguments(parser):
    """Add the options; ``open_record`` takes them.

    Args:
        parser (argparse.ArgumentParser): of a command that inspects.
    """
    parser.add_argument(
        '--record',
        metavar='DIR',
        help='folder of a record that shows each later change; new, or of earlier runs',
    )
    parser.add_argument(
        '--keep',
        nargs='+',
        type=kept,
        default=sorted(KEEP.items()),
        metavar='VERDICT=N',
        help='images that the record keeps: of a verdict, one in N (fail=1 pass=100 '
        'unsure=1)',
    )
    parser.add_argument(
        '--file-mb',
        type=megabytes,
        default=64.0,
        metavar='MB',
        help='size from which the record begins a new file; it does so each day (64)',
    )
    parser.add_argument(
        '--disk-mb',
        type=megabytes,
        default=10240.0,
        metavar='MB',
        help='size of the record from which its oldest images are removed, then its '
        'oldest files (10240)',
    )


def open_record(args, facts):
    """The record that the user asked for.

    Args:
        args (argparse.Namespace): with the options above.
        facts (dict): hashes of what decides.

    Raises:
        OSError: see ``Record``.
    """
    return Record(args.record, facts, dict(args.keep), args.file_mb, args.disk_mb)
