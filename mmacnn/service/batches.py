# Copyright (c) mmacnn authors. All rights reserved.
"""One thread that puts what waits through the model, several images together."""

import queue
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from threading import Event, Thread
from typing import Any, NamedTuple

from mmacnn.inference.frames import Frame
from mmacnn.inference.inspector import Inspector
from mmacnn.inference.result import InspectionResult
from mmacnn.line.station import Station
from mmacnn.utils.user_errors import is_user_error

IDLE_SECONDS = 0.2  # How often the thread looks whether it shall end.


class Job(NamedTuple):
    """A frame that waits, the milliseconds of reading it, and who waits for it."""

    frame: Frame
    read: float
    answer: Future


class Batches:
    """Inspects frames of many senders, in the order of their arrival.

    A batch has what waits when the model becomes free, so that a single image never
    waits for others. Images of one batch have one size.

    Args:
        inspector: The model; nobody else may use it meanwhile.
        batch_size: Most images of a batch.
        length: Most images that wait.
        station: Takes each frame and result.
        note_batch: Called with the number of images of each batch, and its seconds.

    Attributes:
        error: Why the last image has no result; '' where it has.
    """

    def __init__(
        self,
        inspector: Inspector,
        batch_size: int = 8,
        length: int = 64,
        station: Station | None = None,
        note_batch: Callable[[int, float], None] = lambda count, seconds: None,
    ) -> None:
        self.error = ''
        self._inspector, self._station = inspector, station
        self._most = inspector.inferencer.batch_size or batch_size
        self._queue: queue.Queue[Job] = queue.Queue(length)
        self._next: Job | None = None
        self._note, self._end = note_batch, Event()
        self._thread = Thread(target=self._run, name='model', daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """Images that wait."""
        return self._queue.qsize()

    def is_alive(self) -> bool:
        """Whether results can be expected."""
        return self._thread.is_alive() and not self._end.is_set()

    def submit(self, frame: Frame, read: float = 0.0) -> 'Future[tuple]':
        """Hand over a frame.

        Args:
            frame: See there; without an image its result is 'unreadable'.
            read: Milliseconds of reading it.

        Returns:
            Future of its :class:`InspectionResult`, and of the prediction.

        Raises:
            queue.Full: So many wait already, or the service ends.
        """
        if not self.is_alive():
            raise queue.Full
        answer: Future = Future()
        self._queue.put_nowait(Job(frame, read, answer))
        return answer

    def close(self) -> None:
        """Answer what waits, and end."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while jobs := self._take():
            self._inspect([job for job in jobs if _is_wanted(job)])

    def _take(self) -> list[Job]:
        """The next batch; nothing when it is over."""
        first, self._next = self._next, None
        while first is None:
            try:
                first = self._queue.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                if self._end.is_set():
                    return []
        jobs = [first]
        while len(jobs) < self._most:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                break
            if _size(job) != _size(first):
                self._next = job
                break
            jobs.append(job)
        return jobs

    def _inspect(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        batch = [(job.frame, job.read) for job in jobs]
        try:
            predicted = list(self._inspector.predict(batch))
        except Exception as error:
            if len(jobs) == 1:
                self._fail(jobs[0], error)
                return
            for job in jobs:  # one of them may be at fault alone
                self._inspect([job])
            return
        times = [each[2].get('predict', 0.0) for each in predicted]
        self._note(len(jobs), sum(times) / 1e3)
        for job, each in zip(jobs, predicted, strict=True):
            try:
                result = self._inspector.result_of(*each)
                self._hand_on(job.frame, result)
            except Exception as error:
                self._fail(job, error)
            else:
                self.error = ''
                job.answer.set_result((result, each[1]))

    def _hand_on(self, frame: Frame, result: InspectionResult) -> None:
        if self._inspector.record is not None:
            self._inspector.record.write(frame.image, result.to_dict())
        if self._station is not None:
            self._station.write(frame.image, result)

    def _fail(self, job: Job, error: Exception) -> None:
        self.error = f'{type(error).__name__}: {error}'
        if not is_user_error(error):
            traceback.print_exception(error, file=sys.stderr)
        job.answer.set_exception(error)


def _is_wanted(job: Job) -> bool:
    """Whether somebody still waits for it."""
    return job.answer.set_running_or_notify_cancel()


def _size(job: Job) -> Any:
    return None if job.frame.image is None else job.frame.image.shape
