# Copyright (c) mmacnn authors. All rights reserved.
"""What a test run depended on: what a reader needs to repeat it, or to trust it."""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import Runner
from mmengine.utils.dl_utils import collect_env

from mmacnn.benchmark.machine import processor_name
from mmacnn.datasets.fingerprint import fingerprint
from mmacnn.datasets.transforms import LoadAnyDepthImage

PACKAGES = ('mmacnn', 'mmpretrain', 'mmdet', 'mmcv', 'mmcv-lite', 'mmdeploy', 'numpy')
TRAINING = ('epoch', 'iter', 'seed', 'time')


class StepClock:
    """Times a model's test step: preprocessing, network and postprocessing.

    Reading the images is not in it.

    Args:
        model: The model, whose ``test_step`` is replaced.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self.seconds: list[float] = []  # an image, one entry a batch
        self.batch_sizes: list[int] = []
        self._step = model.test_step
        model.test_step = self

    def __call__(self, data: Any) -> Sequence:
        start = time.perf_counter()
        samples = self._step(data)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.seconds.append((time.perf_counter() - start) / len(samples))
        self.batch_sizes.append(len(samples))
        return samples


def describe_run(
    runner: Runner,
    config: str,
    weights: str,
    checkpoint: dict | None,
    clock: StepClock,
) -> dict[str, Any]:
    """Describe a test run in plain values.

    Args:
        runner: The runner after its test.
        config: Path of the config.
        weights: Path of the checkpoint, or of the exported model's folder.
        checkpoint: The checkpoint's content; None for an exported model.
        clock: The times of the test's batches.
    """
    dataset = runner.test_loop.dataloader.dataset
    device = next(
        (str(p.device) for p in runner.model.parameters()), 'chosen by the back end'
    )
    meta = (checkpoint or {}).get('meta') or {}
    return dict(
        config=config,
        config_text=runner.cfg.pretty_text,
        weights=weights,
        weights_sha256=_hash(weights),
        training={key: meta[key] for key in TRAINING if key in meta},
        classes=list(getattr(dataset, 'metainfo', {}).get('classes') or ()),
        date=datetime.now(timezone.utc).isoformat(timespec='seconds'),
        seed=runner.seed,
        versions=_versions(),
        environment=_environment(),
        processor=processor_name(),
        data=dict(
            images=len(dataset), fingerprint=fingerprint(dataset), depth=_depth(dataset)
        ),
        time=dict(
            device=device,
            threads=torch.get_num_threads(),
            batch_size=max(clock.batch_sizes, default=0),
            seconds_per_image=clock.seconds,
        ),
    )


def _depth(dataset: Any) -> int | None:
    """Of the images, as the pipeline reads them."""
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    depths = (step.depth for step in steps if isinstance(step, LoadAnyDepthImage))
    return next(depths, None)


def _environment() -> dict[str, str]:
    """mmengine's, without the compiler's flags of PyTorch."""
    found = {key: str(value) for key, value in collect_env().items()}
    found.pop('PyTorch compiling details', None)
    return found


def _versions() -> dict[str, str]:
    versions = dict(torch=str(torch.__version__))
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _hash(path: str) -> str | None:
    """SHA-256 of a checkpoint's file; None for a folder or a URL."""
    if not Path(path).is_file():
        return None
    with open(path, 'rb') as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
