# Copyright (c) mmacnn authors. All rights reserved.
"""A model on frames: network input, network, result."""

import time

import numpy as np
from line.rules import UNREADABLE, UNSURE, Judge
from line.tiles import tile_windows

from .decoding import NOT_FINITE, decode, decode_regions, is_finite
from .errors import NotFinite, UserError
from .results import STAGES, Result
from .tiles import merge_tiles


class Inspection:
    """Inspects frames with a model folder.

    Args:
        model (ModelFolder): the model.
        backend: its network, see ``backends``.
        regions (Regions): prompt regions, for a model that takes them.
        rules (dict): verdict rules, see ``line.rules``.
        score_thr (float): score in [0, 1] from which a detector's box counts.
        tile (int): side in pixels of the tiles in which larger frames are looked at;
            None for whole frames.
        overlap (float): least fraction of a tile that its neighbour shows too.

    Raises:
        UserError: a class is none of the model's, there are regions for a model that
            takes none, or none for one that does, or tiles and regions.
    """

    def __init__(
        self,
        model,
        backend,
        regions=None,
        rules=None,
        score_thr=0.3,
        tile=None,
        overlap=0.2,
    ):
        self.model, self.backend, self.regions = model, backend, regions
        self.score_thr, self.tile, self.overlap = score_thr, tile, overlap
        self.judge = Judge(rules, model.classes)
        unknown = self.judge.classes() - set(model.classes)
        if unknown:
            raise UserError(
                'rules, or --accept: found {}, expected names of classes: {}'.format(
                    ', '.join(sorted(unknown)),
                    ', '.join(model.classes) or 'none is known',
                )
            )
        if regions and not model.input.has_mask:
            raise UserError(
                f'{model.path}: found --box, --polygon or --mask, expected none: the '
                'model takes no prompt regions'
            )
        if model.input.has_mask and not regions:
            raise UserError(
                f'{model.path}: found none of --box, --polygon and --mask, expected at '
                'least one: the model takes prompt regions'
            )
        if model.input.has_mask and tile is not None:
            raise UserError(f'{model.path}: found --tile, expected prompt regions')
        if model.input.has_mask and 'scores' not in model.outputs:
            raise UserError(f'{model.path}: found no scores of the prompt regions')

    def warm_up(self, frame, runs):
        """Let the network choose kernels and allocate.

        Args:
            frame (np.ndarray): (H, W, 3) uint8 BGR, of the size to come.
            runs (int): how often.
        """
        left, top, right, bottom = self._windows(frame)[0]
        prepared = self._prepare(frame[top:bottom, left:right])
        for _ in range(runs):
            self._run(prepared)

    def __call__(self, source, frame, read=0.0, error=''):
        """Inspect a frame.

        Args:
            source (str): name of the frame.
            frame (np.ndarray): (H, W, 3) uint8 BGR; None where it cannot be read.
            read (float): seconds that reading it took.
            error (str): why it cannot be read.

        Returns:
            Result: what is on it.
        """
        now = time.time()
        if frame is None:
            return Result(source, UNREADABLE, error=error, time=now)
        start = time.perf_counter()
        seconds = dict(read=read, prepare=0.0, network=0.0)
        try:
            fields = self._fields(frame, seconds)
        except NotFinite:
            return Result(source, UNSURE, error=f'{source}: {NOT_FINITE}', time=now)
        result = Result(source, time=now, **fields)
        result = result._replace(verdict=self.judge(result, frame.shape[:2]))
        seconds['predict'] = time.perf_counter() - start
        spent = seconds['prepare'] + seconds['network']
        seconds['decode'] = seconds['predict'] - spent
        milliseconds = {stage: 1000 * seconds[stage] for stage in STAGES}
        return result._replace(milliseconds=milliseconds)

    def _windows(self, frame):
        """The tiles of a frame; of one that fits a tile, one that is all of it."""
        size = frame.shape[:2]
        return tile_windows(size, self.tile or max(size), self.overlap)

    def _fields(self, frame, seconds):
        windows = self._windows(frame)
        if len(windows) == 1:
            return self._look(frame, seconds)

        def parts():  # one after the other, which needs the memory of one
            for window in windows:
                left, top, right, bottom = window
                tile = frame[top:bottom, left:right]
                yield window, self._look(tile, seconds, is_tile=True)

        return merge_tiles(self.model, parts(), frame.shape[:2], self.score_thr)

    def _look(self, frame, seconds, is_tile=False):
        """Fields of a frame or a tile; adds what the stages took to ``seconds``."""
        start = time.perf_counter()
        prepared = self._prepare(frame)
        ready = time.perf_counter()
        outputs = self._run(prepared)
        seconds['prepare'] += ready - start
        seconds['network'] += time.perf_counter() - ready
        if not is_finite(outputs):
            raise NotFinite
        if self.model.input.has_mask:
            scores = outputs[self.model.names['scores']]
            masks = self.regions.masks(frame.shape[:2])
            return decode_regions(self.model, scores, masks)
        fields = decode(self.model, outputs, prepared, self.score_thr)
        if is_tile and self.model.is_detector:
            # All boxes: those of another tile decide which of them is surest.
            every = decode(self.model, outputs, prepared, 0.0)
            fields['detections'] = every.get('detections', ())
        return fields

    def _prepare(self, frame):
        masks = self.regions.masks(frame.shape[:2]) if self.regions else ()
        return self.model.input.prepare(frame, masks)

    def _run(self, prepared):
        """The network, in as many runs as its batch asks for."""
        array, batch = prepared.array, self.model.input.batch
        # A graph of one batch size gets its last entry again and again.
        limit = batch or self.backend.max_batch
        if len(array) == (batch or len(array)) and len(array) <= limit:
            return self.backend.run(array)
        names = set(self.model.names.values())
        parts = {name: [] for name in names}
        for start in range(0, len(array), limit):
            part = array[start : start + limit]
            count = len(part)
            if batch and count < batch:
                rest = np.repeat(part[-1:], batch - count, axis=0)
                part = np.concatenate((part, rest))
            outputs = self.backend.run(np.ascontiguousarray(part))
            for name in names:  # the next run overwrites them
                parts[name].append(np.array(outputs[name][:count]))
        return {name: np.concatenate(values) for name, values in parts.items()}
