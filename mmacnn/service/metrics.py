# Copyright (c) mmacnn authors. All rights reserved.
"""What Prometheus reads at ``/metrics``."""

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The counters of one service.

    Args:
        waiting: Returns how many images wait.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        own = dict(registry=registry)
        self.results = Counter('mmacnn_results', 'Results', ['verdict'], **own)
        self.refused = Counter(
            'mmacnn_refused', 'Requests without a result', ['status'], **own
        )
        self.corrections = Counter(
            'mmacnn_corrections', 'Labels that people gave', ['label'], **own
        )
        self.seconds = Histogram(
            'mmacnn_request_seconds',
            'From the first byte of an upload to its result',
            buckets=SECONDS,
            **own,
        )
        self._batch = Histogram(
            'mmacnn_batch_images', 'Images of a batch', buckets=SIZES, **own
        )
        self._model = Histogram(
            'mmacnn_batch_seconds', 'Model, of a batch', buckets=SECONDS, **own
        )
        gauge = Gauge('mmacnn_waiting_images', 'Images that wait', **own)
        gauge.set_function(waiting)

    def note_batch(self, count: int, seconds: float) -> None:
        """Note a batch of the model."""
        self._batch.observe(count)
        self._model.observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' format."""
        return generate_latest(self._registry)
