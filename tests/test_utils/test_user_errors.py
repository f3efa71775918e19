# Copyright (c) mmacnn authors. All rights reserved.
import pytest
from torch.utils.data import DataLoader

from mmacnn.utils import InputError, run_tool
from mmacnn.utils.user_errors import REPORT, describe, is_user_error


def raiser(error):
    def function():
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


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (InputError('a.txt: line 3'), True),
        (FileNotFoundError('a.txt'), True),
        (RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. '), True),
        (ValueError('a.txt: line 3'), False),
        (KeyError('model'), False),
        (TypeError('unexpected keyword'), False),
        (AssertionError(), False),
        (AssertionError('failed to load image: a.png'), True),
        (RuntimeError('shapes'), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whose_error_it_is(error, expected):
    assert is_user_error(error) is expected


@pytest.mark.parametrize('error_type', [InputError, OSError, KeyError])
@pytest.mark.parametrize('num_workers', [0, 1])
def test_error_of_a_data_loader(error_type, num_workers):
    samples = Samples(error_type('a.png: truncated: 3 bytes'))
    loader = DataLoader(samples, num_workers=num_workers)
    with pytest.raises(error_type) as caught:
        next(iter(loader))
    assert is_user_error(caught.value) is (error_type is not KeyError)
    assert describe(caught.value) == 'a.png: truncated: 3 bytes'


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


def test_a_mistake_of_the_user_is_one_line(capsys, monkeypatch):
    mistake = raiser(InputError('a.txt: line 3: found x'))
    with pytest.raises(SystemExit) as status:
        run_tool(mistake)
    assert status.value.code == 2
    assert capsys.readouterr().err == 'error: a.txt: line 3: found x\n'

    monkeypatch.setenv('MMACNN_TRACEBACK', '1')
    with pytest.raises(InputError, match='line 3'):
        run_tool(mistake)


def test_a_fault_of_the_program_keeps_its_traceback(capsys):
    with pytest.raises(SystemExit) as status:
        run_tool(lambda: None + 1)
    assert status.value.code == 1
    first, *_, kind, last = capsys.readouterr().err.splitlines()
    assert first == 'Traceback (most recent call last):'
    assert kind.startswith('TypeError: unsupported operand')
    assert last == REPORT
