# Copyright (c) mmacnn authors. All rights reserved.
"""The checkpoints in the folder of a training. Nothing slow is imported for this."""

import re
from pathlib import Path

OWN_NAME = re.compile(r'(epoch|iter)_(\d+)')  # and not that of a published one


def require_no_training(work_dir: str) -> None:
    """Refuse a folder in which the checkpoints of two trainings would be mixed.

    Raises:
        FileExistsError: It holds checkpoints, or the name of the last one.
    """
    found = next(iter(own_checkpoints(work_dir)), None)
    if found is None and Path(work_dir, 'last_checkpoint').is_file():
        found = Path(work_dir, 'last_checkpoint')
    if found is not None:
        raise FileExistsError(
            f'{work_dir}: found an earlier training ({found.name}), expected a new '
            'folder; --resume goes on with it, another --work-dir begins a new one'
        )


def own_checkpoints(work_dir: str) -> list[Path]:
    """Those that a training writes as it goes on, the latest first."""
    found = [p for p in Path(work_dir).glob('*.pth') if OWN_NAME.fullmatch(p.stem)]
    # A file system may keep whole seconds: then the number decides.
    return sorted(found, key=lambda p: (p.stat().st_mtime, _number(p)), reverse=True)


def _number(path: Path) -> int:
    return int(OWN_NAME.fullmatch(path.stem)[2])
