# Copyright (c) mmacnn authors. All rights reserved.
"""What of a training's log is shown on the terminal; the log file has all of it."""

import logging
import re
import time
from pathlib import Path

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmacnn.utils.kept_warnings import send_warnings

PACKAGE = str(Path(__file__).parents[1])
# Progress is shown once in so many seconds: an epoch may be shorter.
PAUSE = 10.0
LONGEST = 160
TIMES = re.compile(r'\s+(data_)?time: \S+')
# Hooks whose lines of mmengine say how the training goes.
SHOWN = ('logger_hook', 'early_stopping_hook')
BEST = 'The best checkpoint'
# Of a backbone that is cut behind the last stage that is used.
UNUSED = 'unexpected key in source state_dict'
# `extra` of a record that the log file alone has.
FILE_ONLY = dict(is_file_only=True)


def shorten_terminal(logger: logging.Logger) -> None:
    """Show on the terminal what a user reads; leave the log file as it is.

    Args:
        logger: mmengine's, with a handler for either.
    """
    for handler in logger.handlers:
        if isinstance(handler, logging.FileHandler):
            send_warnings(handler)
        elif not any(isinstance(each, TerminalFilter) for each in handler.filters):
            handler.addFilter(TerminalFilter())
            handler.setFormatter(ShortFormatter(handler.formatter))


class TerminalFilter(logging.Filter):
    """Passes what this package says, warnings, errors, metrics and some progress.

    Not passed are mmengine's listings (the config, the machine, the hooks, how each
    weight was initialised), pretrained weights that a cut backbone has no use for, and
    what libraries say of their own deprecation.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last_progress = -PAUSE

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to show it."""
        message = record.getMessage()
        if getattr(record, 'is_file_only', False):
            return False
        if record.pathname.startswith(PACKAGE):
            return True
        if record.levelno > logging.INFO:
            is_cut = UNUSED in message and 'missing keys' not in message
            return not (is_cut or 'deprecated' in message)
        if record.levelno == logging.INFO and record.module in SHOWN:
            return self._is_due(message)
        return record.levelno < logging.INFO or BEST in message

    def _is_due(self, message: str) -> bool:
        if 'eta: ' not in message:
            # Metrics of a test become a table.
            return not message.startswith(('Exp name', 'Epoch(test)'))
        now = time.monotonic()
        if now - self._last_progress < PAUSE:
            return False
        self._last_progress = now
        return True


class ShortFormatter(logging.Formatter):
    """Cuts long lines of metrics.

    Args:
        formatter: What makes the line.
    """

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        """One line for the terminal."""
        line = self._formatter.format(record)
        if record.module not in SHOWN:
            return line
        if '(train)' not in line:
            line = TIMES.sub('', line)
        return line if len(line) <= LONGEST else f'{line[:LONGEST]} ... (see the log)'


class StartHook(Hook):
    """Says before a training what is trained, on what, for how long and where to.

    Args:
        begins_anew: There was nothing to resume, which is said last.
    """

    priority = 'LOWEST'

    def __init__(self, begins_anew: bool = False) -> None:
        self.begins_anew = begins_anew

    def before_train(self, runner: Runner) -> None:
        """Log it."""
        for name, text in _summary(runner):
            runner.logger.info(f'{name + ":":12}{text}')
        if self.begins_anew:
            runner.logger.warning(
                f'--resume: found no checkpoint in {runner.work_dir}; the training '
                'begins with its first step'
            )


def _summary(runner: Runner) -> list[tuple[str, str]]:
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    count = sum(parameter.numel() for parameter in model.parameters())
    device = next((each.device for each in model.parameters()), 'cpu')
    loop = runner.train_loop
    steps = len(loop.dataloader)
    lines = [
        ('config', runner.cfg.filename or '-'),
        ('model', f'{type(model).__name__}, {count / 1e6:.2f} million parameters'),
        ('weights', _weights(runner)),
        ('training', _data(loop.dataloader)),
    ]
    if runner.val_loop is not None:
        lines.append(('validation', _data(runner.val_loop.dataloader)))
    done = f', {runner.iter} of them done' if runner.iter else ''
    is_by_epoch = isinstance(loop, EpochBasedTrainLoop)
    epochs = f'{runner.max_epochs} epochs of {steps} steps, ' if is_by_epoch else ''
    lines += [
        ('steps', f'{epochs}{runner.max_iters} in all{done}'),
        ('device', f'{device}, {runner.world_size} process'),
        ('written to', f'{runner.work_dir} (checkpoints), {runner.log_dir} (log)'),
    ]
    return lines


def _weights(runner: Runner) -> str:
    if runner._resume and runner._load_from:
        return f'resumed from {runner._load_from}'
    return f'of {runner._load_from}' if runner._load_from else 'as the model begins'


def _data(loader) -> str:
    dataset = loader.dataset
    root = getattr(dataset, 'data_root', '') or ''
    names = getattr(dataset, 'metainfo', {}).get('classes')
    classes = f', {len(names)} classes' if names else ''
    size = f', {loader.batch_size} a batch' if loader.batch_size else ''
    return f'{len(dataset)} samples{classes}{size} {root and f"({root})"}'.rstrip()
