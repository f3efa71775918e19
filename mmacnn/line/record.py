# Copyright (c) mmacnn authors. All rights reserved.
"""A record of results that shows each later change.

Each line of its files carries the hash of the line before, and hashes of the image, the
model, the config and the rules that decided. Who changes, removes or adds a line breaks
the chain from there on. Who can write all files can also make a new chain: note the
last hash elsewhere from time to time, ``verify`` finds it again.
"""

import hashlib
import json
import os
import time
from collections import Counter, deque

import cv2
import numpy as np

from .errors import LineError

KEEP = {'fail': 1, 'unsure': 1, 'pass': 100}  # of so many images of a verdict, one
IMAGES, SUFFIX = 'images', '.jsonl'
MEGABYTE = 1 << 20


def hash_bytes(content):
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def hash_file(path):
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for chunk in iter(lambda: file.read(MEGABYTE), b''):
            digest.update(chunk)
    return digest.hexdigest()


def hash_values(values):
    """SHA-256 of plain values, whatever the order of a dict's keys."""
    return hash_bytes(json.dumps(values, sort_keys=True).encode())


def hash_image(image):
    """SHA-256 of an image's shape and pixels, (H, W, 3) uint8; '' for None."""
    if image is None:
        return ''
    return hash_bytes(repr(image.shape).encode() + image.tobytes())


def read_image(path):
    """``cv2.imread``, also for the letters that it does not take on Windows."""
    content = np.fromfile(path, np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None


class Record:
    """Appends results to the chain in a folder, and keeps images of some.

    A file has the number of its first line in its name. It ends with its day (UTC) or
    at ``file_mb``. Where the folder is larger than ``disk_mb``, the oldest images go,
    then the oldest files but the present one.

    Args:
        folder (str): of an earlier run, whose chain goes on, or new.
        facts (dict): hashes of what decides, such as ``model``, ``config``, ``rules``.
        keep (dict): verdict -> one image in so many is kept; of others none.
        file_mb (float): size of a file, in 2**20 bytes.
        disk_mb (float): of the folder.

    Raises:
        LineError: the last line there is no line of a record.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder, facts, keep=None, file_mb=64, disk_mb=10240):
        self._folder, self._facts = folder, dict(facts)
        self._keep = KEEP if keep is None else keep
        self._file_bytes, self._disk_bytes = file_mb * MEGABYTE, disk_mb * MEGABYTE
        self._counts, self._file, self._day, self._size = Counter(), None, '', 0
        os.makedirs(os.path.join(folder, IMAGES), exist_ok=True)
        files = record_files(folder)
        self.number, self.last_hash = _last_line(files)
        images = os.path.join(folder, IMAGES)
        images = [os.path.join(images, name) for name in sorted(os.listdir(images))]
        self._images, self._files = deque(images), deque(files)
        self._used = sum(map(os.path.getsize, images + files))

    def write(self, image, result):
        """Add a line.

        Args:
            image (np.ndarray): (H, W, 3) uint8 BGR; None where there is none.
            result (dict): plain values, with ``verdict``.

        Raises:
            OSError: the disk is full; nothing of the line is written then.
        """
        now = time.time()
        self._open_file(time.strftime('%Y-%m-%d', time.gmtime(now)))
        facts = dict(self._facts, number=self.number, time=now, previous=self.last_hash)
        facts['image'] = hash_image(image)
        facts['kept'] = self._keep_image(image, result['verdict'])
        line = json.dumps(dict(result, record=facts), ensure_ascii=False)
        content = line.encode(errors='backslashreplace')
        self._append(content + b'\n')
        self.last_hash, self.number = hash_bytes(content), self.number + 1
        self._count(len(content) + 1)

    def close(self):
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open_file(self, day):
        if self._file is not None:
            if day == self._day and self._size < self._file_bytes:
                return
            os.fsync(self._file.fileno())
            self.close()
        path = os.path.join(self._folder, f'{self.number:09d}_{day}{SUFFIX}')
        if os.path.exists(path) and not os.path.getsize(path):
            os.remove(path)  # its first line was not written
        self._file = open(path, 'xb', buffering=0)  # noqa: SIM115 closed by `close`
        self._day, self._size = day, 0
        self._files.append(path)

    def _append(self, content):
        start, rest = self._file.tell(), content
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.truncate(start)
            self._file.seek(start)
            error.filename = self._file.name
            raise
        self._size += len(content)

    def _keep_image(self, image, verdict):
        """Write the image where its turn is, and return its name, '' for none."""
        every = self._keep.get(verdict)
        if image is None or not every:
            return ''
        self._counts[verdict] += 1
        if (self._counts[verdict] - 1) % every:
            return ''
        name = f'{self.number:09d}_{verdict}.png'
        path = os.path.join(self._folder, IMAGES, name)
        content = cv2.imencode('.png', image)[1].tobytes()
        try:
            with open(path, 'wb') as file:
                file.write(content)
        except OSError:
            if os.path.exists(path):
                os.remove(path)
            raise
        self._images.append(path)
        self._count(len(content))
        return name

    def _count(self, added):
        """Note bytes that were written, and remove the oldest beyond the budget."""
        self._used += added
        while self._used > self._disk_bytes and (self._images or len(self._files) > 1):
            path = (self._images or self._files).popleft()
            if os.path.exists(path):
                self._used -= os.path.getsize(path)
                os.remove(path)


def record_files(folder):
    """Paths of a record's files, the oldest first."""
    names = [name for name in os.listdir(folder) if name.endswith(SUFFIX)]
    return [os.path.join(folder, name) for name in sorted(names)]


def _last_line(files):
    """Number of the next line and hash of the last one; (0, '') without any.

    What a power cut left of a line is removed: it was never written.
    """
    for path in reversed(files):
        with open(path, 'rb') as file:
            content = file.read()
        if not content.endswith(b'\n'):
            os.truncate(path, content.rfind(b'\n') + 1)
        lines = content.split(b'\n')[:-1]
        if lines:
            try:
                return json.loads(lines[-1])['record']['number'] + 1, hash_bytes(
                    lines[-1]
                )
            except (ValueError, KeyError, TypeError):
                raise LineError(
                    f'{path}: the last line is no line of a record, see verify-record'
                ) from None
    return 0, ''


class Verification:
    """What ``verify`` found.

    Attributes:
        count: number of lines.
        first: number of the first line; above 0 where older files were removed.
        last_hash: of the last line.
        images: number of kept images that are as they were recorded.
        missing: number of kept images that are not there.
        problems: a line for each change.
    """

    def __init__(self):
        self.count = self.images = self.missing = 0
        self.first, self.last_hash, self.problems = None, '', []
        self.hashes = set()


def verify(path, expected=()):
    """Look for changes in a record.

    Args:
        path (str): its folder, or one of its files.
        expected (list): hashes of lines that were noted elsewhere.

    Returns:
        Verification: what was found; without ``problems`` nothing was changed.

    Raises:
        OSError: it is not there.
    """
    found = Verification()
    files = record_files(path) if os.path.isdir(path) else [path]
    if not files:
        raise LineError(f'{path}: found no file of a record ({SUFFIX}) in the folder')
    images = os.path.join(os.path.dirname(files[0]), IMAGES)
    number = None
    for file in files:
        with open(file, 'rb') as lines:
            for place, line in enumerate(lines, start=1):
                where = f'{file}, line {place}'
                if not line.endswith(b'\n'):
                    found.problems.append(f'{where}: not all of it was written')
                    continue
                digits = os.path.basename(file).partition('_')[0] if place == 1 else ''
                number = _verify_line(line[:-1], where, number, images, found, digits)
    for each in expected:
        if each not in found.hashes:
            found.problems.append(f'no line has the hash {each}')
    return found


def _verify_line(line, where, number, images, found, digits):
    """Check a line; return the number that the next one should have.

    Args:
        line (bytes): without its end.
        where (str): for messages.
        number (int): that it should have; None for the first.
        images (str): folder of the kept images.
        found (Verification): takes what is found.
        digits (str): the number in the file's name, for its first line; else ''.
    """
    digest = hash_bytes(line)
    try:
        facts = json.loads(line)['record']
        given, previous = int(facts['number']), facts['previous']
        image, kept = facts['image'], os.path.basename(facts['kept'])
    except (ValueError, KeyError, TypeError):
        found.problems.append(f'{where}: no line of a record')
        found.last_hash = digest
        return number
    if number is None:
        found.first = given
    if digits and f'{given:09d}' != digits or bool(given) != bool(previous):
        found.problems.append(f'{where}: the lines before it were removed')
    elif number is not None and (given, previous) != (number, found.last_hash):
        found.problems.append(
            f'{where}: this line, or what was before it, is not as it was written'
        )
    if kept:
        path = os.path.join(images, kept)
        if not os.path.isfile(path):
            found.missing += 1
        elif hash_image(read_image(path)) != image:
            found.problems.append(f'{path}: not the image that was inspected')
        else:
            found.images += 1
    found.count, found.last_hash = found.count + 1, digest
    found.hashes.add(digest)
    return given + 1
