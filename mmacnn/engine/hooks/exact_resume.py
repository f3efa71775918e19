# Copyright (c) mmacnn authors. All rights reserved.
"""A resumed training that ends where the uninterrupted one would have."""

import random
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from mmengine.hooks import EarlyStoppingHook, Hook
from mmengine.runner import EpochBasedTrainLoop, Runner

from mmacnn.registry import HOOKS


@HOOKS.register_module()
class ExactResumeHook(Hook):
    """Make an epoch depend on the seed and its number, not on what ran before it.

    mmengine's checkpoints hold the weights, the optimizer and the schedulers, and its
    sampler shuffles by seed and epoch. Three things are lost when a training is killed:

    - The state of the random generators. This hook seeds them anew, from the run's
      seed and the epoch's number, at the start of each epoch, in this process and in
      the workers of the training data loader. For that the workers start with the
      epoch, ``persistent_workers`` or not. (It also ends a repetition: without
      ``persistent_workers`` mmengine seeds the workers alike in every epoch, so that
      each epoch shows the same "random" changes of the images.)
    - The validation after the last checkpoint, and with it which checkpoint is the best
      one. On resuming, this validation runs again.
    - What mmengine's ``EarlyStoppingHook`` has counted. It is kept in the checkpoint.

    For training by epochs with a checkpoint at the end of an epoch and
    ``randomness=dict(seed=...)`` set. Every config can have it, resumed or not:
    ``default_hooks=dict(exact_resume=dict(type='mmacnn.ExactResumeHook'))``.
    """

    # After the hooks that the repeated validation needs, CheckpointHook among them.
    priority = 'LOWEST'

    def before_train(self, runner: Runner) -> None:
        """Repeat the validation that the resumed checkpoint was saved ahead of."""
        loop = runner.train_loop
        self._worker_init_fn = loop.dataloader.worker_init_fn
        if not isinstance(loop, EpochBasedTrainLoop) or loop.epoch == 0:
            return
        is_due = loop.epoch >= loop.val_begin and (
            loop.epoch % loop.val_interval == 0 or loop.epoch == loop.max_epochs
        )
        if runner.val_loop is not None and is_due:
            runner.logger.info(f'Resumed: validating epoch {loop.epoch} again')
            runner.val_loop.run()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep what early stopping has counted."""
        checkpoint['early_stopping'] = [
            (hook.best_score, hook.wait_count) for hook in _stopping_hooks(runner)
        ]

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Give it back, if the training is resumed."""
        if not runner._resume:
            return
        counted = checkpoint.get('early_stopping', ())
        for hook, state in zip(_stopping_hooks(runner), counted, strict=False):
            hook.best_score, hook.wait_count = state

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed this process, and the workers that the epoch is about to start."""
        entropy = (runner.seed, runner.epoch, runner.rank)
        # Several processes would else move their images alike; the first draws as if it
        # were alone.
        seed_generators(entropy if runner.rank else entropy[:2])
        dataloader = runner.train_loop.dataloader
        dataloader.worker_init_fn = partial(seed_worker, self._worker_init_fn, entropy)
        # Persistent workers belong to the loader's iterator: a new one, new workers.
        dataloader._iterator = None


def _stopping_hooks(runner: Runner) -> list[EarlyStoppingHook]:
    return [hook for hook in runner.hooks if isinstance(hook, EarlyStoppingHook)]


def seed_generators(entropy: tuple[int, ...]) -> None:
    """Seed Python's, numpy's and torch's global generators.

    Args:
        entropy: Non-negative integers; each tuple gives streams of its own.
    """
    # SeedSequence takes (0, 1) and (0, 1, 0) for one, hence the length in front.
    words = np.random.SeedSequence((len(entropy), *entropy)).generate_state(3)
    random.seed(int(words[0]))
    np.random.seed(words[1])
    torch.manual_seed(int(words[2]))


def seed_worker(
    worker_init_fn: Callable[[int], None] | None,
    entropy: tuple[int, ...],
    worker_id: int,
) -> None:
    """Initialize a data loader's worker as configured, then seed its generators."""
    if worker_init_fn is not None:
        worker_init_fn(worker_id)
    seed_generators((*entropy, worker_id))
