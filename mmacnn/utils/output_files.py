# Copyright (c) mmacnn authors. All rights reserved.
"""Output that replaces nothing of the user's and is written atomically."""

import os
import os.path as osp
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    suppress,
)
from errno import EDQUOT, EFBIG, ENOSPC, EROFS
from functools import lru_cache
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

UNFINISHED = '.unfinished-'
CANNOT_WRITE = (ENOSPC, EDQUOT, EFBIG, EROFS)


def require_empty(folder: str | Path) -> None:
    """Refuse a folder that holds something already.

    Results of another run would be overwritten, or be taken for results of this one.

    Args:
        folder: The output folder; it may be missing.

    Raises:
        FileExistsError: It is a file, or a folder with content.
    """
    place = Path(folder)
    remove_abandoned(osp.abspath(folder))
    if place.is_file() or (place.is_dir() and any(place.iterdir())):
        raise FileExistsError(
            f'{folder}: expected a new or empty folder, found '
            f'{"a file" if place.is_file() else "files in it"}'
        )


def check_paths(
    read: Iterable[str | None] = (),
    new_files: Iterable[str | None] = (),
    new_folders: Iterable[str | None] = (),
) -> None:
    """Look at the paths of a command line before anything slow is imported or read.

    Args:
        read: Files and folders to read; an empty one, and a URL, passes.
        new_files: Files to write.
        new_folders: Folders to write.

    Raises:
        FileNotFoundError: Something to read is not there.
        FileExistsError: Something to write is there.
    """
    for path in filter(None, read):
        if '://' not in path and not osp.exists(path):
            raise FileNotFoundError(f'{path}: no such file or folder')
    for path in filter(None, new_files):
        if osp.exists(path):
            raise FileExistsError(f'{path} exists, name a new file')
    for path in filter(None, new_folders):
        require_empty(path)


def require_writable(path: str | Path) -> None:
    """Find out before hours of work whether a file can be written at their end.

    Args:
        path: The file; missing folders above it are made.

    Raises:
        OSError: Nothing can be written there.
    """
    with _scratch_folder(osp.dirname(osp.abspath(path)), path):
        pass


@contextmanager
def atomic_write(path: str | Path) -> Iterator[str]:
    """Give the name under which to write a file that is to become ``path``.

    The file gets its place when all of it is written. After an error or an interruption
    nothing is left, and an older file of that name is as it was. What a killed process
    left is removed by the next one that writes into the folder.

    Args:
        path: The file; missing folders above it are made.

    Yields:
        A path that ends like ``path``, for writers that go by the suffix.

    Raises:
        OSError: It can't be written; the error names ``path``.
    """
    with _scratch_folder(osp.dirname(osp.abspath(path)), path) as scratch:
        unfinished = osp.join(scratch, osp.basename(path))
        yield unfinished
        os.replace(unfinished, path)


def maybe_atomic_write(path: str | Path | None) -> AbstractContextManager[str | None]:
    """As :func:`atomic_write`; without a name it gives what it got."""
    return atomic_write(path) if path else nullcontext(path)


@contextmanager
def atomic_folder(folder: str | Path) -> Iterator[Path]:
    """Give the folder under which to write what is to become ``folder``.

    It gets its name when all of it is written. After an error or an interruption
    nothing is left. What a killed process left is removed by the next one that writes
    beside it.

    Args:
        folder: A new or empty folder; missing folders above it are made.

    Yields:
        An empty folder of the same name.

    Raises:
        FileExistsError: ``folder`` holds something.
        OSError: It can't be written; the error names ``folder``.
    """
    require_empty(folder)
    place = Path(folder).resolve()
    with _scratch_folder(str(place.parent), folder) as scratch:
        unfinished = Path(scratch, place.name)
        unfinished.mkdir()
        yield unfinished
        with suppress(FileNotFoundError):
            place.rmdir()  # empty; Windows replaces no folder
        unfinished.replace(place)


@contextmanager
def full_disk_named(place: str | Path) -> Iterator[None]:
    """Name a file or folder in the error of a full or read-only disk.

    The system's error has no name if the disk fills up while a file is written.

    Args:
        place: What was being written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in CANNOT_WRITE and error.filename is None:
            error.filename = str(place)
        raise


@contextmanager
def _scratch_folder(folder: str, target: str | Path) -> Iterator[str]:
    """A folder in ``folder``, locked as long as this process needs it."""
    try:
        with full_disk_named(target):
            os.makedirs(folder, exist_ok=True)
            remove_abandoned(folder)
            scratch, lock = _make_locked(folder)
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
                if lock is not None:
                    os.close(lock)
    except OSError as error:
        # A copy has two names; that of the source matters if it cannot be read.
        place = error.filename
        if error.errno in CANNOT_WRITE and error.filename2 is not None:
            place = error.filename2
        if str(place).startswith(osp.join(folder, UNFINISHED)):
            # The user knows no other name.
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise


def _make_locked(folder: str) -> tuple[str, int | None]:
    while True:
        scratch = tempfile.mkdtemp(prefix=UNFINISHED, dir=folder)
        lock = _lock(scratch)
        # Before it was locked, another process may have thought it abandoned.
        if osp.isdir(scratch):
            return scratch, lock
        if lock is not None:
            os.close(lock)


def _lock(folder: str, wait: bool = True) -> int | None:
    """Lock a folder until the descriptor is closed: by us, or by the system at a kill.

    Args:
        folder: The folder.
        wait: Whether to wait for another process that has the lock.

    Returns:
        The descriptor; None if it can't be locked, as on some network drives.
    """
    if fcntl is None:
        return None
    descriptor = None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        return None
    return descriptor


# Once for each process and folder: a folder may get one picture after another.
@lru_cache(maxsize=4096)
def remove_abandoned(folder: str) -> None:
    """Remove what killed processes left unfinished in a folder.

    Args:
        folder: It may be missing.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        left = [entry.path for entry in entries if entry.name.startswith(UNFINISHED)]
        for scratch in left:
            lock = _lock(scratch, wait=False)  # None while its writer lives
            if lock is not None:
                shutil.rmtree(scratch, ignore_errors=True)
                os.close(lock)
