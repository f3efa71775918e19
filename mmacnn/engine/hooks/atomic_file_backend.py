# Copyright (c) mmacnn authors. All rights reserved.
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from mmacnn.utils import atomic_write


# The name exists if the module is loaded twice, as a test or a notebook may do.
@register_backend('atomic', force=True)
class AtomicFileBackend(LocalBackend):
    """Local files that get their name when all of them is written.

    mmengine's own backend writes into the final file: a training that is killed while
    it saves, or a full disk, leaves a torn checkpoint. For ``CheckpointHook``:
    ``default_hooks=dict(checkpoint=dict(backend_args=dict(backend='atomic')))``.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes to a file, atomically."""
        with atomic_write(filepath) as path:
            super().put(obj, path)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = 'utf-8') -> None:
        """Write text to a file, atomically."""
        with atomic_write(filepath) as path:
            super().put_text(obj, path, encoding)
