# Copyright (c) mmacnn authors. All rights reserved.
"""The newest frame of each live camera, through outages.

A thread a camera reads all frames and keeps the newest one: a slow model gets a present
frame, never one of a queue. A camera that is lost is opened again, with pauses that
grow. With a trigger, a camera's frame is the first one that arrives after it.
"""

import sys
import time
from collections import deque, namedtuple
from threading import Condition, Thread

import cv2

from .cameras import ANSWER_SECONDS, hint, open_camera
from .errors import LineError
from .names import camera_name
from .triggers import FROM_CAMERA, open_trigger

MISSED_FRAMES = 5  # A USB camera skips a frame now and then; so many are an outage.
OPENING_SECONDS = 15.0  # until the first frame: a stream may wait for its key frame
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before a camera is opened again
KEPT = 32  # triggered frames that wait for the model
STUCK_THREADS = 5  # reads that never returned
CLOSING_SECONDS = ANSWER_SECONDS + 1.0
POLL_SECONDS = 0.05

# ``image`` is (H, W, 3) or (H, W); None where ``error`` says that the camera is lost.
# ``arrived`` is when the program had it, in seconds of time.monotonic().
LiveFrame = namedtuple('LiveFrame', 'name image error arrived')


def say(text):
    """A line on the terminal."""
    sys.stderr.write(text + '\n')


class Connection:
    """A camera that was opened once, and the thread that reads it.

    Args:
        stream (Stream): gets the frames.
        open_it (callable): see ``cameras.open_camera``.
    """

    def __init__(self, stream, open_it):
        self.is_open = self.is_over = False
        self.reason = f'{stream.name}: no more frames'
        self.heard = time.monotonic()
        self._stream, self._open = stream, open_it
        self.thread = Thread(target=self._read, name=stream.name, daemon=True)
        self.thread.start()

    def _read(self):
        capture = None
        try:
            capture = self._open()
            self.is_open = True
            missed = 0
            while not self.is_over and missed < self._stream.most_missed:
                is_there, image = capture.read()
                arrived = time.monotonic()
                if is_there:
                    missed, self.heard = 0, arrived
                    self._stream.deliver(self, image, arrived)
                else:
                    missed += 1
                    time.sleep(0.01)
        except (LineError, cv2.error) as error:
            self.reason = str(error)
        finally:
            self.is_over = True
            if capture is not None:
                capture.release()


class Stream:
    """A camera that is opened again whenever it is lost.

    Args:
        source (str): see ``cameras.open_camera``.
        wake (Condition): guards all streams of a run, and tells of new frames.
        stall (float): seconds without a frame that make an outage.
        trigger (str): ``''`` for the newest frame, ``'camera'`` where the camera gives
            frames only when it is triggered, anything else for frames after ``fire``.
        mode (Mode): see ``cameras.open_camera``.
    """

    def __init__(self, source, wake, stall, trigger='', mode=None):
        self.name, self._source = camera_name(source), source
        self._wake, self._mode = wake, mode
        self._is_silent = trigger == FROM_CAMERA
        self._is_fired = bool(trigger) and not self._is_silent
        self.most_missed = float('inf') if self._is_silent else MISSED_FRAMES
        self._stall = stall
        self._ready = deque(maxlen=KEPT if trigger else 1)
        self._due, self._reports, self._dropped = deque(), deque(), 0
        self._number, self._pause, self._retry_at = 0, FIRST_PAUSE, 0.0
        self._lost_at, self._stuck = None, []
        self.reason, self._connection = '', None
        self._connect()

    def _connect(self):
        def open_it():
            return open_camera(self._source, self._mode)

        self._connection = Connection(self, open_it)

    def deliver(self, connection, image, arrived):
        """Take a frame from the thread that reads."""
        with self._wake:
            if connection is not self._connection:
                return  # of a connection that was given up
            if self._lost_at is not None:
                say(f'{self.name}: back after {arrived - self._lost_at:.1f} s')
            self._lost_at, self._pause = None, FIRST_PAUSE
            name = f'{self.name}#{self._number}'
            self._number += 1
            if self._is_fired:
                if not (self._due and arrived > self._due[0]):
                    return
                self._due.popleft()
            if len(self._ready) == KEPT:
                self._dropped += 1
            self._ready.append(LiveFrame(name, image, '', arrived))
            self._wake.notify_all()

    def fire(self, now):
        """Ask for the first frame from now on."""
        self._due.append(now)

    def take(self, now):
        """The next frame or report of an outage, None if there is neither.

        Also looks after the connection. ``wake`` is held.
        """
        self._look_after(now)
        if self._dropped:
            self._report(f'{self._dropped} triggered frames came too fast', now)
            self._dropped = 0
        if self._due and now - self._due[0] > self._stall:
            self._due.popleft()
            self._report(f'no frame within {self._stall:g} s of the trigger', now)
        if self._reports:
            return self._reports.popleft()
        return self._ready.popleft() if self._ready else None

    def is_open(self):
        """Whether the camera is there; None while that is not known."""
        connection = self._connection
        if connection is None or connection.is_over:
            return False
        if self._is_silent and connection.is_open:
            return True
        return True if self._number else None

    def why_not(self):
        """Why it is not open."""
        return self.reason or self._connection.reason

    def _report(self, problem, now):
        error = f'{self.name}: {problem}'
        self._reports.append(LiveFrame(f'{self.name}#{self._number}', None, error, now))

    def _look_after(self, now):
        connection = self._connection
        if connection is None:
            if now >= self._retry_at:
                self._connect()
            return
        limit = self._stall if self._number else max(self._stall, OPENING_SECONDS)
        if self._is_silent and connection.is_open:
            limit = float('inf')
        is_stalled = now - connection.heard > limit
        if not (connection.is_over or is_stalled):
            return
        self._connection = None
        self._retry_at = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        self.reason = connection.reason
        if not connection.is_over:
            connection.is_over = True  # the thread ends when its read returns
            self.reason = f'{self.name}: no frame for {limit:g} s'
            self._stuck = [each for each in self._stuck if each.is_alive()]
            self._stuck.append(connection.thread)
        if len(self._stuck) > STUCK_THREADS:
            raise LineError(f'{self.name}: its driver hangs: start the program again')
        if self._lost_at is None:
            self._lost_at = now
            if self._ready.maxlen == 1:  # what no trigger asked for is old now
                self._ready.clear()
            self._report(f'lost, trying again: {hint(self._source)}', now)
            say(f'{self.reason}; trying again')

    def close(self):
        """Let the thread end with its next frame.

        Returns:
            list: of the thread.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return self._stuck
        connection.is_over = True
        return [*self._stuck, connection.thread]


class Streams:
    """Live frames of one or several cameras, each camera in its turn, without end.

    Args:
        sources (list): see ``cameras.open_camera``.
        trigger (str): when a frame is wanted, see ``triggers.open_trigger``.
        stall (float): seconds without a frame after which a camera is opened again.
        mode (Mode): see ``cameras.open_camera``.

    Raises:
        LineError: none of the cameras can be opened. Those that cannot while another
            can are tried again.
    """

    def __init__(self, sources, trigger='', stall=5.0, mode=None):
        self._wake = Condition()
        self._trigger, self._is_closed = None, False
        self.streams = [Stream(s, self._wake, stall, trigger, mode) for s in sources]
        try:
            self._wait_for_one()
            if trigger and trigger != FROM_CAMERA:
                self._trigger = open_trigger(trigger, self._fire)
        except BaseException:
            self.close()
            raise

    def _wait_for_one(self):
        end = time.monotonic() + OPENING_SECONDS
        while True:
            states = [stream.is_open() for stream in self.streams]
            if any(states):
                return
            if None not in states or time.monotonic() > end:
                raise LineError(self.streams[0].why_not())
            time.sleep(POLL_SECONDS)

    def _fire(self):
        with self._wake:
            now = time.monotonic()
            for stream in self.streams:
                stream.fire(now)

    def __iter__(self):
        try:
            while True:
                frame = self._next()
                if frame is None:
                    return
                yield frame
        finally:
            self.close()

    def _next(self):
        """The next frame; None after the last trigger, or when it is closed."""
        with self._wake:
            while not self._is_closed:
                now = time.monotonic()
                is_ended = self._trigger is not None and self._trigger.is_over
                for i, stream in enumerate(self.streams):
                    frame = stream.take(now)
                    if frame is not None:
                        # The others are next, however fast this one is.
                        self.streams.append(self.streams.pop(i))
                        return frame
                if is_ended and not any(stream._due for stream in self.streams):
                    return None
                self._wake.wait(POLL_SECONDS)
            return None

    def close(self):
        """Let the cameras go, and end the iteration.

        A thread that comes back from OpenCV while Python ends would crash it, so that
        each is waited for, as long as a camera that is away may take to say so.
        """
        with self._wake:
            self._is_closed = True
            threads = [each for stream in self.streams for each in stream.close()]
        end = time.monotonic() + CLOSING_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        if self._trigger is not None:
            self._trigger.close()
