# Copyright (c) mmacnn authors. All rights reserved.
"""A model that learns in one pass, with nothing to minimise."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmacnn.registry import HOOKS
from mmacnn.utils import InputError


@HOOKS.register_module()
class MemoryBankHook(Hook):
    """Tell a :class:`mmacnn.models.anomaly.PatchCore` when its pass begins and ends.

    It comes before :class:`AnomalyThresholdHook`, validation and checkpoint.
    """

    priority = 'HIGH'

    def before_train(self, runner: Runner) -> None:
        """Look at the model and the loop.

        Raises:
            InputError: The model has no bank, runs in several processes, or the epochs
                are not one.
        """
        if is_model_wrapper(runner.model) or not hasattr(runner.model, 'fit'):
            raise InputError(
                f'{runner.cfg.filename}: MemoryBankHook: found a '
                f'{type(runner.model).__name__}, expected a mmacnn.PatchCore in one '
                'process'
            )
        if runner.max_epochs != 1:
            raise InputError(
                f'{runner.cfg.filename}: train_cfg.max_epochs is {runner.max_epochs}, '
                'expected 1: the images are seen once'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Begin anew."""
        runner.model.start(len(runner.train_dataloader.dataset))

    def after_train_epoch(self, runner: Runner) -> None:
        """Learn the bank."""
        line = runner.model.fit()
        runner.logger.info(line[0].upper() + line[1:])
