# Copyright (c) mmacnn authors. All rights reserved.
"""What the service does with a request, whatever carries it."""

import asyncio
import os
import queue
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from threading import Thread
from uuid import uuid4

import anyio.to_thread
import numpy as np
from anyio import CapacityLimiter

from mmacnn.inference.frames import Frame
from mmacnn.inference.inspector import Inspector
from mmacnn.inference.result import InspectionResult
from mmacnn.line.station import Station
from mmacnn.utils import InputError
from mmacnn.utils.text import printable
from mmacnn.utils.user_errors import describe

from .batches import Batches
from .feedback import Feedback
from .history import Entry, History
from .metrics import Metrics
from .uploads import (
    PIXEL_BYTES,
    Limits,
    Memory,
    Refused,
    decode_upload,
    read_body,
)

LONGEST_NAME = 200


@dataclass(frozen=True)
class Settings:
    """How a service works.

    Args:
        limits: Of one upload.
        batch_size: Most images that go through the model together.
        queue: Most images that wait for the model.
        memory: Of all uploads together, and of the last images, in 10**6 bytes each.
        token: That a request must have; None where it must be of this machine.
    """

    limits: Limits = field(default_factory=Limits)
    batch_size: int = 8
    queue: int = 64
    memory: float = 1024.0
    token: str | None = None

    def check(self) -> None:
        """See that one upload fits into the memory.

        Raises:
            InputError: It does not: no large one would ever be taken.
        """
        need = self.limits.megabytes + PIXEL_BYTES * self.limits.megapixels
        if need > self.memory:
            raise InputError(
                f'--memory-mb {self.memory:g}: expected at least {need:.0f} for one '
                'upload of --max-mb and --max-megapixels'
            )


class Service:
    """A model, what waits for it, and what it said.

    Args:
        inspector: The model; nobody else may use it meanwhile.
        settings: How it works.
        station: Takes each frame and result.
        feedback: Takes corrections; None where they are not wanted.
    """

    def __init__(
        self,
        inspector: Inspector,
        settings: Settings,
        station: Station | None = None,
        feedback: Feedback | None = None,
    ) -> None:
        self.settings, self.feedback = settings, feedback
        self.metrics = Metrics(lambda: len(self.batches))
        self.batches = Batches(
            *(inspector, settings.batch_size, settings.queue, station),
            self.metrics.note_batch,
        )
        self.history = History(inspector.inferencer, settings.memory)
        self._loader, self._count = inspector.inferencer.loader, 0
        self._memory = Memory(settings.memory)
        self._decoding = CapacityLimiter(min(4, os.cpu_count() or 1))

    async def inspect(
        self, chunks: AsyncIterator[bytes], length: str | None, name: str
    ) -> dict:
        """Inspect an upload.

        Args:
            chunks: Of an image file.
            length: Bytes that are announced.
            name: To call it by; '' for a number.

        Returns:
            Fields of the result, and its ``id``.

        Raises:
            Refused: There is no result.
        """
        start = time.monotonic()
        self._count += 1
        name = printable(name)[:LONGEST_NAME] or f'upload_{self._count}'
        with self._memory.reserve() as take:
            content = await read_body(chunks, length, self.settings.limits, take)
            arrived = time.monotonic()
            image, suffix = await anyio.to_thread.run_sync(
                *(decode_upload, content, name, self._loader),
                *(self.settings.limits, take),
                limiter=self._decoding,
            )
            read = 1e3 * (time.monotonic() - arrived)
            frame = Frame(name, image, arrived=arrived)
            try:
                answer = self.batches.submit(frame, read)
            except queue.Full:
                raise Refused(503, 'too many images wait, try again later') from None
            try:
                result, prediction = await asyncio.wrap_future(answer)
            except (InputError, OSError) as error:
                raise Refused(500, describe(error)) from None
            entry = self._note(result, image, prediction, content, suffix)
        self.metrics.seconds.observe(time.monotonic() - start)
        return dict(entry.result.to_dict(), id=entry.id)

    def watch(self, frames: Iterable[Frame]) -> Thread:
        """Inspect the frames of cameras in a thread, one after another.

        Args:
            frames: See :class:`mmacnn.inference.sources.Live`.
        """

        def run() -> None:
            for frame in frames:
                try:
                    result, prediction = self.batches.submit(frame).result()
                except queue.Full:  # it skips what the model has no time for
                    time.sleep(0.05)
                    continue
                except (InputError, OSError):
                    continue  # `/health` says it
                self._note(result, frame.image, prediction)

        thread = Thread(target=run, name='cameras', daemon=True)
        thread.start()
        return thread

    def _note(
        self,
        result: InspectionResult,
        image: np.ndarray | None,
        prediction: object,
        content: bytes = b'',
        suffix: str = '.png',
    ) -> Entry:
        self.metrics.results.labels(result.verdict).inc()
        result = replace(result, heatmap=None, mask=None)
        entry = Entry(
            *(uuid4().hex, time.time(), result, image, prediction, content, suffix)
        )
        self.history.add(entry)
        return entry

    def find(self, id: str, choose: bool = False) -> Entry:
        """An entry that has an image.

        Raises:
            Refused: It is no longer kept.
        """
        entry = self.history.find(id, choose)
        if entry is None or entry.image is None:
            raise Refused(404, 'found no such image, it is no longer kept')
        return entry

    def correct(self, id: str, label: str, boxes: Sequence | None) -> str:
        """Store an image with the label that somebody gave it.

        Args:
            id: Of the result.
            label: One of the model's classes; '' for nothing.
            boxes: Where it is, (left, top, right, bottom) in pixels. None for where
                the model found something, in a layout that asks for boxes.

        Returns:
            The image's path.

        Raises:
            Refused: Corrections are not wanted, there is no such image, or the label
                is wrong.
        """
        if self.feedback is None:
            raise Refused(404, 'the service was started without --feedback')
        entry = self.find(id)
        if boxes is None and self.feedback.boxes == 'all':
            boxes = [each.box for each in entry.result.detections]
        stamp = time.strftime('%Y%m%dT%H%M%S', time.gmtime(entry.time))
        name = f'{stamp}_{entry.id[:8]}{entry.suffix}'
        size = entry.image.shape[:2]
        try:
            path = self.feedback.store(name, entry.file(), size, label, boxes or ())
        except InputError as error:
            raise Refused(422, str(error)) from None
        except OSError as error:
            raise Refused(500, describe(error)) from None
        self.metrics.corrections.labels(label).inc()
        return str(path)

    def status(self) -> dict:
        """What the page shows."""
        feedback = self.feedback
        return dict(
            counts=dict(self.history.counts),
            waiting=len(self.batches),
            error=self.batches.error,
            labels=feedback.labels if feedback else [],
            boxes=feedback.boxes if feedback else 'none',
            last=[_row(entry) for entry in self.history.last()],
        )

    def close(self) -> None:
        """Answer what waits, and end."""
        self.batches.close()


def _row(entry: Entry) -> dict:
    result = entry.result
    return dict(
        id=entry.id,
        time=entry.time,
        source=result.source,
        verdict=result.verdict,
        class_name=result.class_name,
        score=result.score,
        anomaly_score=result.anomaly_score,
        detections=len(result.detections),
        has_image=entry.image is not None,
        error=result.error,
    )
