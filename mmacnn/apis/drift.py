# Copyright (c) mmacnn authors. All rights reserved.
from pathlib import Path

from mmengine.runner import save_checkpoint

from mmacnn.deploy.description import DRIFT
from mmacnn.engine.checkpoint import load_checkpoint
from mmacnn.line.drift import Calibration
from mmacnn.utils import atomic_write


def store_drift(calibration: Calibration, out: str, weights: str | None = None) -> str:
    """Keep how usual frames look with the model that will inspect them.

    Args:
        calibration: Signals of usual frames.
        out: Model folder; or a new checkpoint, the one of ``weights`` with its
            ``meta['drift']`` replaced.
        weights: Checkpoint, where ``out`` is no folder.

    Returns:
        A line for the user.

    Raises:
        OSError: There are too few frames, or ``out`` can't be written.
    """
    facts = calibration.facts()
    if Path(out).is_dir():
        calibration.store(str(Path(out, DRIFT)))
    else:
        kept = load_checkpoint(str(weights))
        kept['meta'] = dict(kept.get('meta') or {}, drift=facts)
        with atomic_write(out) as path:
            save_checkpoint(kept, path)
    frames = ', '.join(
        f'{each["frames"]} of {key or "files"}' for key, each in facts.items()
    )
    return f'{out}: knows how usual frames look ({frames})'
