# Copyright (c) mmacnn authors. All rights reserved.
"""Output that covers nothing of the user's and is whole or not there."""

import os
import os.path as osp
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def require_empty(folder: str | Path) -> None:
    """Refuse a folder that holds something already.

    Results of another run would be overwritten, or be taken for results of this one.

    Args:
        folder: The output folder; it may be missing.

    Raises:
        FileExistsError: It is a file, or a folder with content.
    """
    place = Path(folder)
    if place.is_file() or (place.is_dir() and any(place.iterdir())):
        raise FileExistsError(
            f'{folder}: expected a new or empty folder, found '
            f'{"a file" if place.is_file() else "files in it"}'
        )


@contextmanager
def written_whole(path: str | Path) -> Iterator[str]:
    """Give the name under which to write a file that is to become ``path``.

    The file gets its place when all of it is written. After an error or an interruption
    nothing is left, and an older file of that name is as it was.

    Args:
        path: The file; missing folders above it are made.

    Yields:
        A path that ends like ``path``, for writers that go by the suffix.
    """
    folder = osp.dirname(osp.abspath(path))
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.unfinished-', dir=folder) as scratch:
        unfinished = osp.join(scratch, osp.basename(path))
        yield unfinished
        os.replace(unfinished, path)


@contextmanager
def folder_written_whole(folder: str | Path) -> Iterator[Path]:
    """Give the folder under which to write what is to become ``folder``.

    It gets its name when all of it is written. After an error or an interruption
    nothing is left.

    Args:
        folder: A new or empty folder; missing folders above it are made.

    Yields:
        An empty folder beside it.

    Raises:
        FileExistsError: ``folder`` holds something.
    """
    require_empty(folder)
    place = Path(folder).resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f'.{place.name}-', dir=place.parent))
    try:
        yield unfinished
        # mkdtemp makes the folder private; users expect the umask's permissions.
        umask = os.umask(0)
        os.umask(umask)
        unfinished.chmod(0o777 & ~umask)
        unfinished.replace(place)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
