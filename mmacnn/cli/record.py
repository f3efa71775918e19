# Copyright (c) mmacnn authors. All rights reserved.
"""``python -m mmacnn verify-record``, and the record of ``inspect``."""

import argparse
import sys
from typing import TYPE_CHECKING

from mmacnn.line.record import Record, verify
from mmacnn.line.record_arguments import open_record
from mmacnn.utils import InputError, check_paths
from mmacnn.utils.text import printable

if TYPE_CHECKING:
    from mmacnn.inference.inspector import Inspector

LISTED = 20  # Problems that are printed.


def add_verify_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``verify-record``, which :func:`run_verification` takes."""
    parser.description = (
        'Look whether a record is as it was written. Exit status: 0 if it is, 1 if not.'
    )
    parser.add_argument('path', metavar='DIR', help='folder of --record, or a file')
    parser.add_argument(
        '--expect',
        nargs='+',
        default=[],
        metavar='HASH',
        help='hashes of last lines, noted before; one that is gone is a change',
    )


def run_verification(args: argparse.Namespace) -> None:
    """Verify and print what was found.

    Raises:
        SystemExit: Status 1 if something was changed.
    """
    check_paths([args.path])
    found = verify(args.path, args.expect)
    for problem in found.problems[:LISTED]:
        print(printable(problem))
    if len(found.problems) > LISTED:
        print(f'... {len(found.problems)} in all')
    print(
        f'{found.count} lines from number {found.first or 0} on, {found.images} kept '
        f'images as recorded, {found.missing} no longer there'
    )
    print(f'hash of the last line: {found.last_hash or "none"}')
    print('CHANGED' if found.problems else 'as it was written')
    if found.problems:
        sys.exit(1)


def record_of(args: argparse.Namespace, inspector: 'Inspector') -> Record | None:
    """The record of an inspection, with the hashes of what decides."""
    if args.record is None:
        return None
    if args.launcher != 'none':
        raise InputError('--record: found --launcher, expected one process')
    return open_record(args, inspector.facts())
