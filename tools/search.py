# Copyright (c) mmacnn authors. All rights reserved.
"""Search the best settings of a config with Optuna: a training for each trial.

Finished trials are kept: call it again after an interruption, or with more --trials.
"""

import argparse
from ast import literal_eval

from mmacnn.cli import add_cfg_options, int_at_least
from mmacnn.utils import InputError, check_paths, run_tool


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--options',
        nargs='+',
        required=True,
        metavar='KEY=VALUES',
        help='settings to search: KEY=LOW:HIGH, KEY=LOW:HIGH:log, or KEY=A,B,C',
    )
    parser.add_argument(
        '--trials', type=int_at_least(1), default=20, help='trainings in all (20)'
    )
    parser.add_argument(
        '--metric', help='of the validation, such as accuracy/top1 (that of save_best)'
    )
    parser.add_argument('--minimize', action='store_true', help='less is better')
    parser.add_argument(
        '--work-dir',
        help='folder of the results (default: ./work_dirs/NAME_OF_CONFIG-search)',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_paths([args.config])
    # Late: --help and mistakes need not wait for them.
    from mmacnn.apis import format_options, format_trials, search

    study = search(
        args.config,
        dict(map(parse_option, args.options)),
        args.trials,
        args.metric,
        args.minimize,
        args.work_dir,
        args.cfg_options,
    )
    print(format_trials(study))
    print('The best: --cfg-options', format_options(study.best_params))


def parse_option(text: str) -> tuple:
    """``KEY=VALUES`` -> key and Optuna's distribution.

    Raises:
        InputError: It is no range and no list.
    """
    from mmacnn.apis.search import import_optuna

    distributions = import_optuna().distributions

    key, _, values = text.partition('=')
    limits, is_log = values.removesuffix(':log').split(':'), values.endswith(':log')
    try:
        if len(limits) == 2:
            low, high = map(literal_eval, limits)
            whole = isinstance(low, int) and isinstance(high, int)
            kind = 'IntDistribution' if whole else 'FloatDistribution'
            return key, getattr(distributions, kind)(low, high, log=is_log)
        choices = [_value(each) for each in values.split(',')]
        if len(choices) > 1 and not is_log:
            return key, distributions.CategoricalDistribution(choices)
    except (ValueError, SyntaxError, TypeError) as error:
        raise InputError(f'--options {text}: {error}') from error
    raise InputError(
        f'--options: found {text!r}, expected KEY=LOW:HIGH, KEY=LOW:HIGH:log or '
        'KEY=A,B,C'
    )


def _value(text: str) -> object:
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError):
        return text


if __name__ == '__main__':
    run_tool(main)
