# Copyright (c) mmacnn authors. All rights reserved.
"""Latency and throughput of several models, side by side in one run."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from time import process_time

import cv2
import numpy as np
import torch

from mmacnn.utils import InputError

from .timed_models import StageTimes, TimedModel, open_model
from .timing import interleave

WARM_UP = 5  # rounds that are not counted: caches, memory pools, clocks
PERCENTILES = dict(median=50, p95=95, p99=99)


@dataclass(frozen=True)
class Measurement:
    """One model at one batch size and thread count.

    Args:
        model: The name that the user gave it.
        batch_size: Images in a batch.
        threads: Threads that each part may use.
        stages: Milliseconds a batch: stage ('preprocess', 'network', 'postprocess',
            'total') to its ``median``, ``p95`` and ``p99``; None for a stage that the
            model does not have. 'cpu' is the CPU time for all of it:
            with one thread, more than a little below 'total' means that other
            programs held the CPU meanwhile.
        images_per_second: All stages together, over all rounds.
        ratio: Median over the rounds of this model's time by the first model's of the
            same round, for 'network', 'total' and 'cpu': 2 is twice as slow.
        size_bytes: Of the checkpoint or the ONNX file.
    """

    model: str
    batch_size: int
    threads: int
    stages: dict[str, dict[str, float] | None]
    images_per_second: float
    ratio: dict[str, float]
    size_bytes: int


def benchmark(
    sources: Mapping[str, str],
    image: np.ndarray,
    batch_sizes: Sequence[int] = (1,),
    threads: Sequence[int] = (1,),
    rounds: int = 100,
    input_size: tuple[int, int] = (480, 640),
) -> list[Measurement]:
    """Time models on the CPU.

    Each round runs every model once, in turn first, second, ..., so that whatever else
    the machine does slows all of them alike.

    Args:
        sources: Name to what :func:`open_model` takes. The first is compared with.
        image: The photograph that all get, (H, W, 3) uint8 BGR.
        batch_sizes: Numbers of images in a batch.
        threads: Numbers of threads.
        rounds: Counted runs of each model, at each setting.
        input_size: (h, w) for ONNX files that take any size.

    Returns:
        One measurement a thread count, batch size and model, in this order.

    Raises:
        FileNotFoundError, InputError: A model cannot be loaded, or does not
            take one of the batch sizes.
    """
    settings = [(number, size) for number in threads for size in batch_sizes]
    measurements = []
    for number in threads:
        with _num_threads(number):
            models = {
                name: open_model(source, number, input_size)
                for name, source in sources.items()
            }
            for size in batch_sizes:
                _check_batch_size(models, size)
            for size in batch_sizes:
                times = _run_interleaved(
                    models,
                    [image] * size,
                    rounds,
                    f'{number} threads, batch {size} '
                    f'({settings.index((number, size)) + 1}/{len(settings)})',
                )
                measurements += _summarize(models, times, size, number)
    return measurements


@contextmanager
def _num_threads(number: int) -> Iterator[None]:
    """PyTorch and OpenCV with so many threads; ONNX Runtime is told by session."""
    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(number)
    cv2.setNumThreads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def _check_batch_size(models: Mapping[str, TimedModel], size: int) -> None:
    for name, model in models.items():
        if model.fixed_batch not in (None, size):
            raise InputError(
                f'{name}: takes batches of {model.fixed_batch} alone, found a batch '
                f'size of {size}'
            )


def _run_interleaved(
    models: Mapping[str, TimedModel],
    images: list[np.ndarray],
    rounds: int,
    what: str,
) -> dict[str, list[tuple[StageTimes, float]]]:
    """Stages and CPU time of each round, by model."""

    def run(model: TimedModel) -> tuple[StageTimes, float]:
        start = process_time()
        stages = model(images)
        return stages, process_time() - start

    calls = {name: partial(run, model) for name, model in models.items()}
    return interleave(calls, rounds, what, WARM_UP)


def _summarize(
    models: Mapping[str, TimedModel],
    times: Mapping[str, list[tuple[StageTimes, float]]],
    batch_size: int,
    threads: int,
) -> Iterator[Measurement]:
    seconds = {name: _columns(each) for name, each in times.items()}
    reference = next(iter(seconds.values()))
    for name, stages in seconds.items():
        yield Measurement(
            model=name,
            batch_size=batch_size,
            threads=threads,
            stages={
                stage: None if values is None else _percentiles(values)
                for stage, values in stages.items()
            },
            images_per_second=float(batch_size / stages['total'].mean()),
            ratio={
                stage: float(np.median(stages[stage] / reference[stage]))
                for stage in ('network', 'total', 'cpu')
            },
            size_bytes=models[name].size_bytes,
        )


def _columns(
    times: list[tuple[StageTimes, float]],
) -> dict[str, np.ndarray | None]:
    """Seconds of each stage, of all and of the CPU, over the rounds."""
    stages, cpu = zip(*times, strict=True)
    columns = {
        stage: None if column[0] is None else np.array(column)
        for stage, column in zip(
            StageTimes._fields, zip(*stages, strict=True), strict=True
        )
    }
    present = [column for column in columns.values() if column is not None]
    return columns | dict(total=np.sum(present, axis=0), cpu=np.array(cpu))


def _percentiles(seconds: np.ndarray) -> dict[str, float]:
    return {
        name: float(1000 * np.percentile(seconds, percent))
        for name, percent in PERCENTILES.items()
    }
