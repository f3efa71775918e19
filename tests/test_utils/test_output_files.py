# Copyright (c) mmacnn authors. All rights reserved.
import os
import signal
import stat
from pathlib import Path

import pytest

from mmacnn.utils import (
    atomic_folder,
    atomic_write,
    remove_abandoned,
    require_empty,
    require_writable,
)


def test_new_and_empty_folders_are_fine(tmp_path):
    require_empty(tmp_path)
    require_empty(str(tmp_path / 'new'))

    assert not (tmp_path / 'new').exists()


def test_folder_with_content_is_refused(tmp_path):
    (tmp_path / 'mine.txt').write_text('keep')

    with pytest.raises(FileExistsError, match='expected a new or empty folder'):
        require_empty(tmp_path)
    with pytest.raises(FileExistsError, match='mine.txt: .* found a file'):
        require_empty(str(tmp_path / 'mine.txt'))


def test_a_file_is_moved_when_it_is_complete(tmp_path):
    path = tmp_path / 'new' / 'report.txt'
    with atomic_write(path) as unfinished:
        assert unfinished.endswith('report.txt')
        Path(unfinished).write_text('all of it')
        assert not path.exists()

    assert path.read_text() == 'all of it'
    assert list(path.parent.iterdir()) == [path]
    plain = tmp_path / 'plain.txt'
    plain.write_text('')
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize('error', [OSError('disk is full'), KeyboardInterrupt()])
def test_after_an_error_the_older_file_is_as_it_was(tmp_path, error):
    path = tmp_path / 'report.txt'
    path.write_text('older')

    with pytest.raises(type(error)), atomic_write(path) as unfinished:
        Path(unfinished).write_text('half of')
        raise error

    assert path.read_text() == 'older'
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_moved_when_it_is_complete(tmp_path):
    place = tmp_path / 'new' / 'labels'

    with atomic_folder(place) as folder:
        (folder / 'a.txt').write_text('1')
        assert not place.exists()

    assert [path.name for path in place.iterdir()] == ['a.txt']
    assert [path.name for path in place.parent.iterdir()] == ['labels']
    (tmp_path / 'plain').mkdir()
    assert place.stat().st_mode == (tmp_path / 'plain').stat().st_mode


def test_nothing_is_left_of_a_broken_folder(tmp_path):
    with (
        pytest.raises(KeyboardInterrupt),
        atomic_folder(tmp_path / 'labels') as folder,
    ):
        (folder / 'a.txt').write_text('1')
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_content_is_not_replaced(tmp_path):
    (tmp_path / 'labels').mkdir()
    (tmp_path / 'labels' / 'mine.txt').write_text('mine')

    with (
        pytest.raises(FileExistsError, match='labels: expected a new or empty'),
        atomic_folder(tmp_path / 'labels'),
    ):
        pytest.fail('the folder was given out')

    assert (tmp_path / 'labels' / 'mine.txt').read_text() == 'mine'


def kill_while_writing(write, path):
    """Run a process that is killed with its output half written."""
    process = os.fork()
    if process == 0:
        try:
            with write(path) as unfinished:
                Path(unfinished, 'a').mkdir(parents=True)
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL


@pytest.mark.parametrize('write', [atomic_write, atomic_folder])
def test_the_next_start_removes_what_a_killed_process_left(tmp_path, write):
    path = tmp_path / 'results'
    kill_while_writing(write, path)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith('.unfinished-')

    remove_abandoned.cache_clear()
    with atomic_write(tmp_path / 'other.txt') as mine:
        assert not left.exists()
        remove_abandoned.cache_clear()
        with atomic_write(tmp_path / 'another.txt') as unfinished:
            assert Path(mine).parent.is_dir()  # its writer lives
            Path(unfinished).touch()
        Path(mine).touch()
    assert {each.name for each in tmp_path.iterdir()} == {'other.txt', 'another.txt'}


def test_a_folder_with_what_a_killed_process_left_is_empty(tmp_path):
    kill_while_writing(atomic_write, tmp_path / 'out' / 'report.txt')
    remove_abandoned.cache_clear()
    require_empty(tmp_path / 'out')
    assert not list((tmp_path / 'out').iterdir())


def test_errors_name_what_the_user_named(tmp_path):
    path = tmp_path / 'taken' / 'report.txt'
    path.mkdir(parents=True)
    with pytest.raises(OSError) as error, atomic_write(path) as unfinished:
        Path(unfinished).write_text('all of it')
    assert error.value.filename == str(path) and '.unfinished' not in str(error.value)

    with pytest.raises(OSError, match='report.txt'), atomic_write(path):
        raise OSError(28, 'No space left on device')

    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match='file'):
        require_writable(tmp_path / 'file' / 'results.json')
    require_writable(tmp_path / 'new' / 'results.json')
    assert not list((tmp_path / 'new').iterdir())
