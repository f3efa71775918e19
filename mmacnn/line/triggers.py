# Copyright (c) mmacnn authors. All rights reserved.
"""What tells that a part is in front of the camera."""

import contextlib
import re
import socket
import sys
import time
from threading import Thread

from .errors import LineError

FROM_CAMERA = 'camera'


def is_trigger(text):
    """Whether ``open_trigger`` takes it, or it is 'camera' or '' for none."""
    form = r'camera|stdin|every:[0-9.]+|udp:(.+:)?[0-9]+'
    return re.match(f'({form})?$', text) is not None


def open_trigger(text, fire):
    """Call ``fire`` for each part.

    Args:
        text (str): ``stdin`` for each line of standard input, ``udp:PORT`` or
            ``udp:ADDRESS:PORT`` for each datagram, ``every:SECONDS`` for a clock.
        fire (callable): without arguments, called in another thread.

    Raises:
        LineError: the port cannot be had.
    """
    kind, _, rest = text.partition(':')
    if kind == 'udp':
        return Datagrams(rest, fire)
    events = Events(fire)
    events.start(_clock(float(rest)) if kind == 'every' else sys.stdin)
    return events


def _clock(seconds):
    start, count = time.monotonic(), 0
    while True:
        count += 1
        time.sleep(max(0.0, start + count * seconds - time.monotonic()))
        yield count


class Events:
    """Calls a function for each item of an iterable, in a thread.

    Args:
        fire (callable): the function.
    """

    def __init__(self, fire):
        self.is_over, self._fire = False, fire

    def start(self, events):
        """Go through ``events`` from now on."""
        Thread(target=self._run, args=(events,), daemon=True).start()

    def _run(self, events):
        try:
            for _ in events:
                if self.is_over:
                    break
                self._fire()
        finally:
            self.is_over = True

    def close(self):
        self.is_over = True


class Datagrams(Events):
    """Each datagram is an event, whatever is in it.

    Args:
        place (str): PORT, for this machine alone, or ADDRESS:PORT.
        fire (callable): see ``Events``.
    """

    def __init__(self, place, fire):
        super().__init__(fire)
        address, _, port = place.rpartition(':')
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((address or '127.0.0.1', int(port)))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise LineError(f'udp:{place}: {error}') from None
        self.start(self._datagrams())

    def _datagrams(self):
        self._socket.settimeout(0.2)
        with self._socket:
            while not self.is_over:
                with contextlib.suppress(socket.timeout):
                    yield self._socket.recv(2048)
