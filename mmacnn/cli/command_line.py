# Copyright (c) mmacnn authors. All rights reserved.
"""The commands of ``python -m mmacnn``."""

import argparse
import fnmatch
from collections.abc import Sequence

from mmacnn.utils import InputError

from .analyse import add_analyse_arguments, run_analysis
from .golden import add_golden_arguments, run_golden
from .import_labels import add_import_arguments, run_import
from .inspect import add_inspect_arguments, run_inspection
from .label_next import add_label_next_arguments, run_label_next
from .record import add_verify_arguments, run_verification
from .serve import add_serve_arguments, run_service
from .start import add_start_arguments, run_start


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the commands: ``inspect``, ``analyse``, ``import`` and so on.

    Args:
        arguments: Of the command line; those of the process by default.

    Raises:
        SystemExit: Status 1 if some files could not be read, or data have problems.
    """
    parser = argparse.ArgumentParser(
        prog='python -m mmacnn', description='Inspect images with a trained model'
    )
    commands = parser.add_subparsers(required=True)
    for name, (what, add_arguments, run) in COMMANDS.items():
        command = commands.add_parser(name, help=what)
        add_arguments(command)
        command.set_defaults(run=run)
    args = parser.parse_args(arguments)
    args.run(args)


def add_models_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``models``, which :func:`run_models` takes."""
    parser.add_argument('pattern', nargs='?', default='*', help="such as 'acnn*'")


def run_models(args: argparse.Namespace) -> None:
    """List the models whose name fits, with their configs.

    Raises:
        InputError: There is none.
    """
    from mmacnn.engine.model_zoo import model_index

    names = fnmatch.filter(model_index(), args.pattern)
    if not names:
        raise InputError(f'{args.pattern}: no model of such a name')
    for name in names:
        known = '  (with weights)' if 'Weights' in model_index()[name] else ''
        print(f'{name}{known}')


COMMANDS = {
    'inspect': (
        'inspect images, videos or a camera',
        add_inspect_arguments,
        run_inspection,
    ),
    'serve': ('inspect what other programs send', add_serve_arguments, run_service),
    'analyse': ('count what is in a data set', add_analyse_arguments, run_analysis),
    'import': (
        "bring other tools' labels into our layouts",
        add_import_arguments,
        run_import,
    ),
    'start': (
        'from a folder to a config of your own',
        add_start_arguments,
        run_start,
    ),
    'label-next': (
        'images that are most worth labelling',
        add_label_next_arguments,
        run_label_next,
    ),
    'golden': (
        'golden parts of an exported model',
        add_golden_arguments,
        run_golden,
    ),
    'verify-record': ('was a record changed?', add_verify_arguments, run_verification),
    'models': ('list the models by name', add_models_arguments, run_models),
}
