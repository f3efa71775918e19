# Copyright (c) mmacnn authors. All rights reserved.
import pytest
from mmengine.runner import EpochBasedTrainLoop
from torch.utils.data import DataLoader

from mmacnn.utils import InputError, run_tool
from mmacnn.utils.user_errors import describe, is_user_error


def caught(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError('nothing was raised')


def raiser(error):
    def function(*args):
        raise error

    return function


class Samples:
    """A data set of one sample that cannot be read."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise self.error


def in_loop(function):
    """Call a function from inside mmengine's training loop."""

    class Runner:
        call_hook = function

    loop = EpochBasedTrainLoop.__new__(EpochBasedTrainLoop)
    loop._runner = Runner()
    return loop.run


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (ValueError('a.txt: line 3'), True),
        (KeyError('X is not in the registry'), True),
        (FileNotFoundError('a.txt'), True),
        (TypeError('unexpected keyword'), True),
        (RuntimeError('shapes'), False),
        (ZeroDivisionError(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_before_the_loop_runs(error, expected):
    assert is_user_error(caught(raiser(error))) is expected


def test_in_the_loop_only_files_and_data_are_the_users():
    assert not is_user_error(caught(in_loop(raiser(ValueError('in the model')))))
    assert is_user_error(caught(in_loop(raiser(OSError('disk is full')))))
    assert is_user_error(caught(in_loop(raiser(InputError('a.png: not a number')))))
    loader = DataLoader(Samples(ValueError('a.png: truncated')))
    assert is_user_error(caught(in_loop(lambda *args: next(iter(loader)))))


@pytest.mark.parametrize('error_type', [ValueError, KeyError, OSError])
@pytest.mark.parametrize('num_workers', [0, 1])
def test_error_of_a_data_loader(error_type, num_workers):
    samples = Samples(error_type('a.png: truncated: 3 bytes'))
    loader = DataLoader(samples, num_workers=num_workers)
    error = caught(lambda: next(iter(loader)))
    assert is_user_error(error)
    assert describe(error) == 'a.png: truncated: 3 bytes'


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (ValueError('two\n  lines'), 'two lines'),
        (KeyError('model'), 'missing key: model'),
        (KeyError('X is not there'), 'X is not there'),
        (
            FileNotFoundError(2, 'No such file', 'a.txt'),
            'a.txt: No such file; moved, deleted or not mounted?',
        ),
        (AssertionError(), 'AssertionError'),
        (OSError(5, 'I/O error', 'x.png'), 'x.png: I/O error; the disk, or the way to'),
        (OSError(28, 'No space left on device'), 'No space left on device; free some'),
        (OSError(20, 'Not a directory', "it's"), "it's: Not a directory"),
        (
            RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. '),
            'DataLoader worker (pid 7) is killed by signal: Killed. Out of memory, or',
        ),
        (
            FileNotFoundError(
                'Caught FileNotFoundError in DataLoader worker process 0.\n'
                'Original Traceback (most recent call last):\n  ...\n'
                "FileNotFoundError: [Errno 2] No such file or directory: '/a/b.png'\n"
            ),
            '/a/b.png: No such file or directory; moved',
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_line(error, line):
    assert describe(error).startswith(line)
    assert len(describe(error)) < len(line) + 60


def test_run_tool(capsys, monkeypatch):
    with pytest.raises(SystemExit) as exit_info:
        run_tool(raiser(ValueError('a.txt: line 3: found x')))
    assert exit_info.value.code == 2
    assert capsys.readouterr().err == 'error: a.txt: line 3: found x\n'

    with pytest.raises(RuntimeError):
        run_tool(raiser(RuntimeError('ours')))

    monkeypatch.setenv('MMACNN_TRACEBACK', '1')
    with pytest.raises(ValueError, match='line 3'):
        run_tool(raiser(ValueError('line 3')))

    run_tool(lambda: None)
