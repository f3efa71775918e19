# Copyright (c) mmacnn authors. All rights reserved.
"""One way to inspect images with a model of any of the methods."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import all_gather_object, barrier, get_dist_info, is_main_process

from mmacnn.datasets.regions import Region
from mmacnn.engine.config import load_config
from mmacnn.engine.model_zoo import find_model
from mmacnn.engine.rules import check_rules, rules_of, without_none
from mmacnn.line.record import Record, hash_file, hash_values
from mmacnn.line.rules import UNREADABLE, Judge, read_folder_rules
from mmacnn.line.station import Station, uninterrupted
from mmacnn.utils import InputError, maybe_atomic_write, require_empty, track

from .build import build_inferencer
from .frames import Capture, Frame, Image, Images, Source
from .golden import check_golden
from .result import InspectionResult, require_threshold
from .result_files import ResultFiles
from .shrinkage import Shrinkage
from .sources import Live, Sources, open_sources


class Inspector:
    """Inspect images with a model of any of the methods, trained or exported.

    Each image gets a verdict. 'fail': a detector found something; a method that knows
    good from defective found another class than the good one; or the class is none of
    ``accept``. A classifier that names products passes all without ``accept``.
    'unsure': the class, or a detection, has a lower score than ``min_score``, and no
    surer detection fails the image; or the model gave NaN or infinity. 'unreadable':
    the file is no image. More can be said by rules, see :mod:`mmacnn.line.rules`; they
    are those of ``rules``, else of the model folder, else of the config.

    A model folder with golden parts is checked at once, see
    :mod:`mmacnn.inference.golden`.

    Args:
        config_or_name (str | Config): Config file, a model's name as ``python -m mmacnn
            models`` lists them, or a config that was read.
        weights (str, optional): The checkpoint, a path or URL. Defaults to the one that
            the model's entry in its ``metafile.yml`` names.
        device (str, optional): Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        backend_model (str, optional): Model folder of ``tools/deploy.py``, to run
            instead of the weights.
        accept (Collection[str], optional): Names of the classes that pass; before those
            of the rules.
        min_score (float, optional): Score in [0, 1] that a class must have for a
            verdict, that of a detection as well; before that of the rules. Defaults to
            0 if these have none.
        score_thr (float): Score in [0, 1] from which a detector's box counts.
        tile (int, optional): Side in pixels of the tiles in which images that are
            larger are looked at, by a detector or a model that tells good from
            defective. Defaults to whole images.
        overlap (float): Least fraction of a tile that its neighbour shows too, [0, 1);
            more than the largest object.
        regions (Sequence, optional): For a model that names regions: where they are on
            every image, see :func:`mmacnn.datasets.regions.decode_region`. Each is one
            of the result's ``detections``.
        fuse_conv_bn (bool): Merge each convolution with the normalization behind it:
            the same result but for rounding, in less time.
        rules (dict, optional): Verdict rules.

    Attributes:
        config (Config): Of the model.
        record (mmacnn.line.record.Record, optional): Takes each result, once set.

    Raises:
        FileNotFoundError: The config, the weights or the model folder is missing.
        InputError: The config is wrong, there is no such model or class, the weights
            don't fit, there are no weights, a rule is wrong, or the exported model
            gives other results for its golden parts.

    Example:
        >>> inspector = Inspector('config.py', 'weights.pth')  # doctest: +SKIP
        >>> for result in inspector('images/', out_dir='inspected'):  # doctest: +SKIP
        ...     print(result.source, result.verdict, result.class_name)
    """

    def __init__(
        self,
        config_or_name: str | Config,
        weights: str | None = None,
        device: str | None = None,
        backend_model: str | None = None,
        accept: Collection[str] | None = None,
        min_score: float | None = None,
        score_thr: float = 0.3,
        regions: Sequence[Region] | None = None,
        fuse_conv_bn: bool = False,
        rules: dict[str, Any] | None = None,
        tile: int | None = None,
        overlap: float = 0.2,
    ) -> None:
        config, known_weights = config_or_name, None
        if not isinstance(config, Config):
            path, known_weights = find_model(str(config))
            config = load_config(path)
        if backend_model is None:
            weights = weights or known_weights
            if weights is None:
                raise InputError(
                    f'{config_or_name}: no weights are known for this model, name a '
                    'checkpoint or an exported model'
                )
        elif weights is not None:
            raise InputError('expected either weights or an exported model, found both')
        self.inferencer = build_inferencer(
            config, weights, device, backend_model, score_thr, regions, tile, overlap
        )
        if fuse_conv_bn:
            self.inferencer.fuse_conv_bn()
        self.shrinkage = Shrinkage()
        self.record: Record | None = None
        self.config, self._model = config, backend_model or str(weights)
        if rules is None:
            rules = rules_of(config)
            if backend_model is not None:
                rules = read_folder_rules(backend_model) or rules
        given = dict(accept=None if accept is None else list(accept))
        given = without_none(dict(given, min_score=min_score))
        classes = self.inferencer.classes
        self.rules = check_rules(dict(rules, **given), 'rules', classes or ())
        self.judge = Judge(self.rules, classes)
        if backend_model is not None:
            check_golden(
                self.inferencer, backend_model, read_folder_rules(backend_model)
            )

    def __call__(
        self,
        inputs: Source | Sequence[Image],
        batch_size: int = 1,
        show: bool = False,
        out_dir: str = '',
        recursive: bool = False,
        trigger: str = '',
        stall: float = 5.0,
        station: Station | None = None,
    ) -> Iterator[InspectionResult]:
        """Inspect, one batch at a time, as the results are asked for.

        Args:
            inputs (str | Path | np.ndarray | int | list): An image file or its URL
                (``https://.../a.jpg``, downloaded into memory), a folder of them, a
                video, the number of a camera, the URL of a stream, a pattern such as
                ``'line/*.png'``, an image as an array, or a list of files, folders,
                patterns and arrays, or of cameras and streams. An array is (H, W),
                (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA, of uint8, of uint16 in the
                range of the config's ``depth``, or of floating-point numbers in [0, 1].
            batch_size (int): Images that go through the model together.
            show (bool): Show each picture in a window until a key is pressed.
            out_dir (str): New or empty folder for a picture of each image,
                ``results.jsonl`` and ``results.csv``, written line by line.
            recursive (bool): Take the images of sub-folders too; of a folder that has
                no image itself they are taken in any case.
            trigger (str): When a frame of a camera is wanted, see
                :mod:`mmacnn.line.triggers`. By default, whenever there is a new one.
            stall (float): Seconds without a frame after which a camera is opened again.
            station (Station, optional): Takes each frame and result too.

        Yields:
            A result for each image, in order. One that can't be read has ``error``
            and the verdict 'unreadable', one whose prediction is not finite ``error``
            and 'unsure'; the others go on. Where several processes run
            (``torchrun``, Slurm), each inspects a part, and all get all results,
            without heat maps and masks.

        Raises:
            FileNotFoundError: An input is missing.
            FileExistsError: ``out_dir`` is not empty.
            OSError: No camera can be opened.
            InputError: There is no image, an array is none, a video can't be opened, or
                ``batch_size`` is below 1.
        """
        if batch_size < 1:
            raise InputError(f'batch_size: expected at least 1, found {batch_size}')
        if out_dir:
            require_empty(out_dir)
        self.shrinkage = Shrinkage()
        rank, world_size = get_dist_info()
        # Here, and not at the first result, is where a wrong path shows.
        loader = self.inferencer.loader
        frames = open_sources(
            inputs, rank, world_size, loader, recursive, trigger, stall
        )
        if world_size == 1:
            return self._inspect(frames, batch_size, show, out_dir, station)
        barrier()  # No process may write before the folder was found empty.
        mine = self._inspect(frames, batch_size, show, out_dir, is_fraction=True)
        return iter(_gather(mine, out_dir))

    def facts(self) -> dict[str, str]:
        """SHA-256 of ``model``, ``config`` and ``rules``, for a record.

        That of a model from a URL is of the URL.
        """
        model = Path(self._model)
        for pattern in ('*.onnx', '*.engine', '*.bin') if model.is_dir() else ():
            model = min(Path(self._model).glob(pattern), default=model)
        is_file = model.is_file()
        settings = dict(score_thr=getattr(self.inferencer, 'score_thr', None))
        if getattr(self.inferencer, 'tile', None) is not None:
            settings['tiles'] = [self.inferencer.tile, self.inferencer.overlap]
        return dict(
            model=hash_file(model) if is_file else hash_values(self._model),
            config=hash_values(self.config.pretty_text),
            rules=hash_values(dict(self.rules, **settings)),
        )

    def _inspect(
        self,
        frames: Images | Capture | Sources | Live,
        batch_size: int,
        show: bool,
        out_dir: str,
        station: Station | None = None,
        is_fraction: bool = False,
    ) -> Iterator[InspectionResult]:
        batches = _batches(frames, self.inferencer.batch_size or batch_size)
        count = len(frames) if isinstance(frames, Images) else None
        names = frames.names if isinstance(frames, Images) else None
        with ResultFiles(out_dir, names, has_lines=not is_fraction) as files:
            for frame, prediction, times in track(
                chain.from_iterable(map(self.predict, batches)), 'Inspecting', count
            ):
                result = self.result_of(frame, prediction, times)
                recorded = result.to_dict()
                picture = '' if result.error else files.picture_of(frame.name)
                if picture or (show and not result.error):
                    name = Path(frame.name).name
                    with maybe_atomic_write(picture) as path:
                        self.inferencer.visualize(
                            name, frame.image, prediction, show, path
                        )
                result = replace(result, picture=picture)
                with uninterrupted():
                    if self.record is not None:
                        self.record.write(frame.image, recorded)
                    files.write(result)
                    if station is not None:
                        station.write(frame.image, result)
                yield result

    def predict(
        self, batch: Sequence[tuple[Frame, float]]
    ) -> Iterator[tuple[Frame, Any, dict[str, float]]]:
        """Put frames through the model together; :meth:`result_of` takes each.

        Args:
            batch (Sequence): Frames, each with the milliseconds of reading it.

        Yields:
            Frame, prediction (None where there is no image), and the milliseconds of
            the steps.
        """
        readable = [frame for frame, _ in batch if frame.image is not None]
        start, now = time.perf_counter(), time.monotonic()
        predictions = iter(self._forward(readable))
        elapsed = 1e3 * (time.perf_counter() - start) / max(1, len(readable))
        for frame, read in batch:
            times = dict(read=read)
            if frame.image is None:
                yield frame, None, times
                continue
            if frame.arrived is not None:
                times['age'] = 1e3 * (now - frame.arrived)
            yield frame, next(predictions), dict(times, predict=elapsed)

    def _forward(self, frames: Sequence[Frame]) -> list:
        if not frames:
            return []
        return self.inferencer.predict(
            [frame.image for frame in frames], [frame.name for frame in frames]
        )

    def result_of(
        self, frame: Frame, prediction: Any, times: dict[str, float]
    ) -> InspectionResult:
        """The result of a frame, with its verdict; see :meth:`predict`."""
        if frame.image is None:
            return InspectionResult(
                frame.name, UNREADABLE, milliseconds=times, error=frame.error
            )
        size = frame.image.shape[:2]
        factor = self.inferencer.shrink_factor(prediction)
        self.shrinkage.note(frame.name, size, factor)
        result = self.inferencer.postprocess(prediction, frame.name, size)
        require_threshold(result, self.rules)
        verdict = self.judge(result, size)
        return replace(result, verdict=verdict, milliseconds=times)


def _gather(mine: Iterator[InspectionResult], out_dir: str) -> list[InspectionResult]:
    """The results of all processes, in the order of the images."""
    fractions = all_gather_object(
        [replace(result, heatmap=None, mask=None) for result in mine]
    )
    in_turn = chain.from_iterable(zip_longest(*fractions))
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
