# Copyright (c) mmacnn authors. All rights reserved.
"""A model on frames: network input, network, result."""

import time

import numpy as np
from line.rules import UNREADABLE, UNSURE, Judge

from .decoding import NOT_FINITE, decode, decode_regions, is_finite
from .errors import UserError
from .results import Result


class Inspection:
    """Inspects frames with a model folder.

    Args:
        model (ModelFolder): the model.
        backend: its network, see ``backends``.
        regions (Regions): prompt regions, for a model that takes them.
        rules (dict): verdict rules, see ``line.rules``.
        score_thr (float): score in [0, 1] from which a detector's box counts.

    Raises:
        UserError: a class is none of the model's, or there are regions for a model that
            takes none, or none for one that does.
    """

    def __init__(self, model, backend, regions=None, rules=None, score_thr=0.3):
        self.model, self.backend, self.regions = model, backend, regions
        self.score_thr = score_thr
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
        if model.input.has_mask and 'scores' not in model.outputs:
            raise UserError(f'{model.path}: found no scores of the prompt regions')

    def warm_up(self, frame, runs):
        """Let the network choose kernels and allocate.

        Args:
            frame (np.ndarray): (H, W, 3) uint8 BGR, of the size to come.
            runs (int): how often.
        """
        prepared = self._prepare(frame)
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
        prepared = self._prepare(frame)
        ready = time.perf_counter()
        outputs = self._run(prepared)
        inferred = time.perf_counter()
        if not is_finite(outputs):
            return Result(source, UNSURE, error=f'{source}: {NOT_FINITE}', time=now)
        if self.model.input.has_mask:
            scores = outputs[self.model.names['scores']]
            masks = self.regions.masks(frame.shape[:2])
            fields = decode_regions(self.model, scores, masks)
        else:
            fields = decode(self.model, outputs, prepared, self.score_thr)
        result = Result(source, time=now, **fields)
        result = result._replace(verdict=self.judge(result, frame.shape[:2]))
        end = time.perf_counter()
        seconds = dict(
            read=read,
            predict=end - start,
            prepare=ready - start,
            network=inferred - ready,
            decode=end - inferred,
        )
        milliseconds = {stage: 1000 * value for stage, value in seconds.items()}
        return result._replace(milliseconds=milliseconds)

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
