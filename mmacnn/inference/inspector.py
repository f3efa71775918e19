# Copyright (c) mmacnn authors. All rights reserved.
"""One way to inspect images with a model of any of the methods."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from pathlib import Path

import numpy as np
from mmengine.dist import all_gather_object, barrier, get_dist_info, is_main_process
from mmengine.structures import BaseDataElement

from mmacnn.datasets.regions import Region
from mmacnn.engine.model_zoo import find_model
from mmacnn.utils import InputError, maybe_atomic_write, require_empty, track

from .build import init_inferencer
from .frames import Capture, Frame, Image, Images, Source, open_frames
from .result import (
    UNREADABLE,
    UNSURE,
    InspectionResult,
    detections_of,
    judge,
    over_image,
)
from .result_files import ResultFiles


class Inspector:
    """Inspect images with a model of any of the methods, trained or exported.

    The verdict is 'pass' or 'fail': a detector fails an image on which it finds
    something; a method that knows good from defective fails what is not of the good
    class; a classifier that names products passes all, unless ``accept`` says which
    ones. It is 'unsure' if the class has a lower score than ``min_score``, or if the
    model gave NaN or infinity, and 'unreadable' for a file that is no image.

    Args:
        config_or_name (str): Config file, or a model's name as ``python -m mmacnn
            models`` lists them.
        weights (str, optional): The checkpoint, a path or URL. Defaults to the one that
            the model's entry in its ``metafile.yml`` names.
        device (str, optional): Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        backend_model (str, optional): Model folder of ``tools/deploy.py``, to run
            instead of the weights.
        accept (Collection[str], optional): Names of the classes that pass.
        min_score (float): Score in [0, 1] that a class must have for a verdict.
        score_thr (float): Score in [0, 1] from which a detector's box counts.
        regions (Sequence, optional): For a model that names regions: where they are on
            every image, see :func:`mmacnn.datasets.regions.decode_region`. Each is a
            place of the result, which is that of the least sure one.
        fuse_conv_bn (bool): Merge each convolution with the normalization behind it:
            the same result but for rounding, in less time.

    Raises:
        FileNotFoundError: The config, the weights or the model folder is missing.
        InputError: The config lacks a part.
            There is no such model or class, the weights don't fit, or there are
            no weights.

    Example:
        >>> inspector = Inspector('config.py', 'weights.pth')  # doctest: +SKIP
        >>> for result in inspector('images/', out_dir='inspected'):  # doctest: +SKIP
        ...     print(result.source, result.verdict, result.class_name)
    """

    def __init__(
        self,
        config_or_name: str,
        weights: str | None = None,
        device: str | None = None,
        backend_model: str | None = None,
        accept: Collection[str] | None = None,
        min_score: float = 0.0,
        score_thr: float = 0.3,
        regions: Sequence[Region] | None = None,
        fuse_conv_bn: bool = False,
    ) -> None:
        config, known_weights = find_model(str(config_or_name))
        if backend_model is None:
            weights = weights or known_weights
            if weights is None:
                raise InputError(
                    f'{config_or_name}: no weights are known for this model, name a '
                    'checkpoint or an exported model'
                )
        elif weights is not None:
            raise InputError('expected either weights or an exported model, found both')
        self.inferencer = init_inferencer(
            config, weights, device, score_thr, backend_model, regions
        )
        if fuse_conv_bn:
            self.inferencer.fuse_conv_bn()
        self.accept, self.min_score = accept, min_score
        unknown = set(accept or ()) - set(self.inferencer.classes or ())
        if unknown:
            raise InputError(
                f'accept: found {sorted(unknown)}, expected names of classes: '
                f'{", ".join(self.inferencer.classes or ["none is known"])}'
            )

    def __call__(
        self,
        inputs: Source | Sequence[Image],
        batch_size: int = 1,
        show: bool = False,
        out_dir: str = '',
    ) -> Iterator[InspectionResult]:
        """Inspect, one batch at a time, as the results are asked for.

        Args:
            inputs (str | Path | np.ndarray | int | list): An image file, a folder of
                them, a video, the number of a camera, an address of a stream, an image
                (H, W, 3) uint8 BGR as ``mmcv.imread`` returns it, or a list of files
                and images.
            batch_size (int): Images that go through the model together.
            show (bool): Show each picture in a window until a key is pressed.
            out_dir (str): New or empty folder for a picture of each image,
                ``results.jsonl`` and ``results.csv``, written line by line.

        Yields:
            A result for each image, in order. A file that can't be read has ``error``
            and the verdict 'unreadable', one whose prediction is not finite ``error``
            and 'unsure'; the others go on. Where several processes run
            (``torchrun``, Slurm), each inspects its share, and all get all results,
            without heat maps and masks.

        Raises:
            FileNotFoundError: An input is missing.
            FileExistsError: ``out_dir`` is not empty.
            InputError: There is no image, an array is none, a video or a camera can't
                be opened, or ``batch_size`` is below 1.
        """
        if batch_size < 1:
            raise InputError(f'batch_size: expected at least 1, found {batch_size}')
        if out_dir:
            require_empty(out_dir)
        rank, world_size = get_dist_info()
        # Here, and not at the first result, is where a wrong path shows.
        frames = open_frames(inputs, rank, world_size, self.inferencer.load)
        if world_size == 1:
            return self._inspect(frames, batch_size, show, out_dir)
        barrier()  # No process may write before the folder was found empty.
        mine = self._inspect(frames, batch_size, show, out_dir, is_fraction=True)
        return iter(_gather(mine, out_dir))

    def _inspect(
        self,
        frames: Images | Capture,
        batch_size: int,
        show: bool,
        out_dir: str,
        is_fraction: bool = False,
    ) -> Iterator[InspectionResult]:
        batches = _batches(frames, self.inferencer.batch_size or batch_size)
        count = len(frames) if isinstance(frames, Images) else None
        names = frames.names if isinstance(frames, Images) else None
        with ResultFiles(out_dir, names, has_lines=not is_fraction) as files:
            for frame, read, image_ms, predicted in track(
                self._predict(batches), 'Inspecting', count
            ):
                picture = files.picture_of(frame.name) if predicted else ''
                if predicted and (picture or show):
                    name = Path(frame.name).name
                    with maybe_atomic_write(picture) as path:
                        self.inferencer.draw(name, frame.image, predicted, show, path)
                times = dict(read=read, predict=image_ms)
                result = self._result(frame, predicted, times, picture)
                files.write(result)
                yield result

    def _predict(self, batches: Iterator[list[tuple[Frame, float]]]) -> Iterator[tuple]:
        """Frame, milliseconds of reading and of predicting, and the prediction."""
        for batch in batches:
            readable = [frame for frame, _ in batch if frame.image is not None]
            start = time.perf_counter()
            predicted = iter(
                self.inferencer.predict(
                    [frame.image for frame in readable],
                    [frame.name for frame in readable],
                )
                if readable
                else ()
            )
            elapsed = 1e3 * (time.perf_counter() - start) / max(1, len(readable))
            for frame, read in batch:
                if frame.image is None:
                    yield frame, read, 0.0, None
                    continue
                sample = next(predicted)
                if problem := self.inferencer.problem_of(sample):
                    frame = frame._replace(error=f'{frame.name}: {problem}')
                    sample = None
                yield frame, read, elapsed, sample

    def _result(
        self,
        frame: Frame,
        sample: BaseDataElement | None,
        milliseconds: dict[str, float],
        picture: str,
    ) -> InspectionResult:
        if sample is None:
            verdict = UNREADABLE if frame.image is None else UNSURE
            return InspectionResult(frame.name, verdict, error=frame.error)
        found = self.inferencer.as_dict(sample)
        detections = detections_of(found)
        label, name, score = (
            found.get(f'pred_{key}') for key in ('label', 'class', 'score')
        )
        if 'pred_labels' in found and detections:
            # A detector's surest find; of regions the one to look at.
            pick = np.argmin if found.get('is_prompted') else np.argmax
            best = int(pick(found['pred_scores']))
            label, name, score = (
                found[f'pred_{key}'][best] for key in ('labels', 'classes', 'scores')
            )
        roi = found.get('pred_roi')
        size = frame.image.shape[:2]
        return InspectionResult(
            source=frame.name,
            verdict=judge(sample, found, self.accept, self.min_score),
            label=label,
            class_name=name or '',
            score=score,
            roi=roi and tuple(roi),
            detections=detections,
            heatmap=over_image(sample, 'pred_heatmap', size),
            mask=over_image(sample, 'pred_mask', size),
            anomaly_score=found.get('pred_anomaly_score'),
            milliseconds=milliseconds,
            picture=picture,
        )


def _gather(mine: Iterator[InspectionResult], out_dir: str) -> list[InspectionResult]:
    """The results of all processes, in the order of the images."""
    shares = all_gather_object(
        [replace(result, heatmap=None, mask=None) for result in mine]
    )
    in_turn = chain.from_iterable(zip_longest(*shares))
    results = [result for result in in_turn if result is not None]
    if is_main_process():
        with ResultFiles(out_dir) as files:
            for result in results:
                files.write(result)
    return results


def _batches(
    frames: Iterator[Frame], batch_size: int
) -> Iterator[list[tuple[Frame, float]]]:
    """Frames with the milliseconds that reading them took, some at a time."""

    def timed() -> Iterator[tuple[Frame, float]]:
        start = time.perf_counter()
        for frame in frames:
            yield frame, 1e3 * (time.perf_counter() - start)
            start = time.perf_counter()

    rest = timed()
    while batch := list(islice(rest, batch_size)):
        yield batch
