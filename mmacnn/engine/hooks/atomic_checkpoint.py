# Copyright (c) mmacnn authors. All rights reserved.
"""Checkpoints of which a whole one is there at every moment."""

import hashlib
import inspect
import os.path as osp
import pickle
from collections import deque
from pathlib import Path

from mmengine.dist import is_main_process, master_only
from mmengine.fileio import BaseStorageBackend
from mmengine.hooks import CheckpointHook
from mmengine.runner import CheckpointLoader, Runner, save_checkpoint

from mmacnn.registry import HOOKS
from mmacnn.utils import atomic_write, remove_abandoned

from . import atomic_file_backend  # noqa: F401 registers the back end 'atomic'


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, safe against kills and full disks.

    A checkpoint gets its name when all of it is written, and an older one, the best one
    among them, is removed after that: mmengine removes first, so that with
    ``max_keep_ckpts=1`` a kill in between leaves nothing. There is room on the disk for
    one checkpoint more. A resumed training tidies up what a killed one left.

    Takes the arguments of ``CheckpointHook``.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        # mmengine's hook keeps what it does not know until it saves.
        known = inspect.signature(Runner.save_checkpoint).parameters
        for name in set(self.args) - set(known):
            raise TypeError(f'got an unexpected keyword argument {name!r}')
        is_local = '://' not in str(self.out_dir)
        if self.backend_args is None and self.file_client_args is None and is_local:
            self.backend_args = dict(backend='atomic')

    def before_train(self, runner: Runner) -> None:
        """Find the folder, and remove checkpoints that are one too many."""
        super().before_train(runner)
        if is_main_process():
            remove_abandoned(osp.abspath(self.out_dir))
        self.file_backend = LateRemoval(self.file_backend)
        if self.max_keep_ckpts > 0:
            # For a moment there is one more than mmengine's deque would hold.
            self.keep_ckpt_ids = deque(self.keep_ckpt_ids)
        known = runner.message_hub.runtime_info
        if self.last_ckpt is None and 'last_ckpt' in known:
            # A resumed training may find its best score before its next checkpoint.
            name = osp.basename(runner.message_hub.get_info('last_ckpt'))
            self.last_ckpt = self.file_backend.join_path(self.out_dir, name)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Save the best checkpoint, then remove the one that was it."""
        super().after_val_epoch(runner, metrics)
        self._remove_former_best()

    def _remove_former_best(self) -> None:
        best = {getattr(self, 'best_ckpt_path', None)}
        best.update(getattr(self, 'best_ckpt_path_dict', {}).values())
        self.file_backend.remove_now(keep=best)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        # The best one was saved before this one, which is to know of no older best.
        self._remove_former_best()
        if self.max_keep_ckpts > 0 and step not in self.keep_ckpt_ids:
            self.keep_ckpt_ids.append(step)
            ids = list(self.keep_ckpt_ids)
            runner.message_hub.update_info('keep_ckpt_ids', ids)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            with atomic_write(osp.join(runner.work_dir, 'last_checkpoint')) as path:
                Path(path).write_text(self.last_ckpt)
        while 0 < self.max_keep_ckpts < len(self.keep_ckpt_ids):
            oldest = self.filename_tmpl.format(self.keep_ckpt_ids.popleft())
            if is_main_process():
                self.file_backend.remove(
                    self.file_backend.join_path(self.out_dir, oldest)
                )
                self.file_backend.remove_now()

    @master_only
    def _publish_model(self, runner: Runner, ckpt_path: str) -> None:
        checkpoint = CheckpointLoader.load_checkpoint(ckpt_path, map_location='cpu')
        kept = {
            key: checkpoint[key] for key in checkpoint if key in self.published_keys
        }
        digest = hashlib.sha256(pickle.dumps(kept)).hexdigest()
        path = f'{osp.splitext(ckpt_path)[0]}-{digest[:8]}.pth'
        save_checkpoint(kept, path, backend_args=self.backend_args)
        runner.logger.info(f'{ckpt_path} is published to {path}')


class LateRemoval:
    """A file backend that removes files when it is told the second time.

    Args:
        backend: What does the work.
    """

    def __init__(self, backend: BaseStorageBackend) -> None:
        self._backend = backend
        self._pending: list[str] = []

    def __getattr__(self, name: str):
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        """Note a file that is to go."""
        self._pending.append(path)

    def remove_now(self, keep=()) -> None:
        """Remove what was noted.

        Args:
            keep: Files that were written anew in the meantime.
        """
        while self._pending:
            path = self._pending.pop()
            if path in keep:
                continue
            if self._backend.isfile(path):
                self._backend.remove(path)
            elif self._backend.isdir(path):  # DeepSpeed's
                self._backend.rmtree(path)
