# Copyright (c) mmacnn authors. All rights reserved.
"""From a result to a receiver that is away now and then.

A thread a receiver sends the records in their order, again and again until each is
acknowledged. What waits is on the disk, not in memory: it outlives the program too.
"""

import contextlib
import json
import os
import time
from threading import Condition, Thread

from .errors import LineError
from .streams import say

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before a record is sent again
CLOSING_SECONDS = 5.0  # for what waits when the program ends
COMPACT_BYTES = 1 << 20  # a file of sent records that may be emptied


class Rejected(Exception):
    """The receiver is there and will never take this record."""


class Spool:
    """Records that wait, in a file; it goes on where the last run ended.

    ``waiting.jsonl`` has the records, ``sent`` how many bytes of it are done with. If
    the program is killed between an acknowledgement and the note of it, the record is
    sent twice, with the same ``id``.

    Args:
        folder (str): of this receiver alone; made if it is not there.

    Raises:
        OSError: it cannot be written, or another program has it.
    """

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, 'waiting.jsonl')
        self._file = open(path, 'a+b', buffering=0)  # noqa: SIM115 closed by `close`
        _lock(self._file, folder)
        note = os.open(os.path.join(folder, 'sent'), os.O_RDWR | os.O_CREAT)
        self._note = os.fdopen(note, 'r+b', buffering=0)
        self._size = self._complete_lines()
        note = self._note.read(20)
        sent = int(note) if note.isdigit() else 0
        # Emptied, and killed before the note of it.
        self._sent = sent if sent <= self._size else 0

    def _complete_lines(self):
        """Bytes up to the last line's end; a line that was cut off goes."""
        size = self._file.seek(0, os.SEEK_END)
        start = max(0, size - COMPACT_BYTES)
        tail = self._read(start, COMPACT_BYTES)
        size = start + tail.rfind(b'\n') + 1
        self._file.truncate(size)
        return size

    def _read(self, start, length):
        """Bytes of the file; what is written goes to its end all the same."""
        self._file.seek(start)
        return self._file.read(length)

    def __len__(self):
        """Records that wait."""
        with open(self._file.name, 'rb') as file:
            file.seek(self._sent)
            return sum(1 for _ in file)

    def put(self, record):
        """Add a record, all of it or nothing."""
        line = json.dumps(record).encode() + b'\n'
        try:
            written = self._file.write(line)
            if written != len(line):
                raise OSError(f'{self._file.name}: the disk is full')
        except OSError:
            self._file.truncate(self._size)
            raise
        self._size += len(line)

    def peek(self):
        """The first record that waits, and what ``done`` takes; None without one."""
        if self._sent == self._size:
            return None
        line, length = b'', 1 << 16
        while not line.endswith(b'\n'):
            line = self._read(self._sent, length)
            line, length = line[: line.find(b'\n') + 1], 2 * length
        return json.loads(line.decode()), len(line)

    def done(self, length):
        """Let the first record go."""
        self._sent += length
        if self._sent == self._size and self._size > COMPACT_BYTES:
            self._file.truncate(0)
            self._sent = self._size = 0
        self._note.seek(0)
        self._note.write(b'%020d' % self._sent)

    def set_aside(self, record, reason):
        """Keep a record that the receiver will never take."""
        path = os.path.join(self.folder, 'rejected.jsonl')
        with open(path, 'a', encoding='utf-8') as file:
            file.write(json.dumps(dict(record, rejected=reason)) + '\n')

    def close(self):
        self._file.close()
        self._note.close()


def _lock(file, folder):
    with contextlib.suppress(ImportError):  # no such thing on Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise LineError(f'{folder}: another program sends from it') from None


class Newest:
    """The newest record alone, for a receiver that shows a state and keeps no list."""

    def __init__(self):
        self._record = None

    def __len__(self):
        return 0  # nothing is worth keeping for the next run

    def put(self, record):
        self._record = record

    def peek(self):
        return None if self._record is None else (self._record, self._record)

    def done(self, record):
        if self._record is record:  # else a newer one came
            self._record = None

    def set_aside(self, record, reason):
        pass

    def close(self):
        pass


class Delivery:
    """Sends records to a receiver, in a thread of its own.

    Args:
        name (str): how to call the receiver.
        sender: see ``senders``.
        queue (Spool | Newest): what waits.
    """

    def __init__(self, name, sender, queue):
        self.name, self._sender, self._queue = name, sender, queue
        self._wake, self._is_away = Condition(), False
        self._end = None  # of time.monotonic(), while it is closing
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, record):
        """Hand over a record; returns at once."""
        with self._wake:
            self._queue.put(record)
            self._wake.notify()

    def _run(self):
        pause = FIRST_PAUSE
        while self._end is None or time.monotonic() < self._end:
            with self._wake:
                item = self._queue.peek()
                if item is None:
                    if self._end is not None:
                        break
                    self._wake.wait(1.0)
                    continue
            record, ticket = item
            try:
                self._send(record)
            except Exception as error:  # whatever the receiver's library raises
                self._note(error)
                with contextlib.suppress(Exception):
                    self._sender.close()
                with self._wake:
                    if self._end is not None:
                        break
                    self._wake.wait_for(lambda: self._end is not None, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            if self._is_away:
                say(f'{self.name}: receives again')
                self._is_away = False
            with self._wake:
                self._queue.done(ticket)
        with contextlib.suppress(Exception):
            self._sender.close()

    def _send(self, record):
        try:
            self._sender.send(record)
        except Rejected as error:
            say(f'{self.name}: rejected {record["id"]}: {error}')
            self._queue.set_aside(record, str(error))

    def _note(self, error):
        if not self._is_away:
            say(f'{self.name}: away, results wait: {type(error).__name__}: {error}')
            self._is_away = True

    def close(self):
        """Send what waits if the receiver is there; else it waits for the next run."""
        with self._wake:
            self._end = time.monotonic() + CLOSING_SECONDS
            self._wake.notify_all()
        self._thread.join(CLOSING_SECONDS + 1.0)  # more, if an answer is on its way
        with self._wake:
            count = len(self._queue)
            if count:
                where = self._queue.folder
                say(f'{self.name}: {count} results wait for the next run in {where}')
            if not self._thread.is_alive():
                self._queue.close()
