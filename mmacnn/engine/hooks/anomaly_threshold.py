# Copyright (c) mmacnn authors. All rights reserved.
"""The threshold of an anomaly detector, chosen before it is validated or saved."""

from collections.abc import Iterator
from itertools import zip_longest

import torch
from mmengine.dist import all_gather_object
from mmengine.hooks import CheckpointHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mmacnn.models.anomaly.calibration import check_choice
from mmacnn.registry import HOOKS
from mmacnn.utils import InputError


@HOOKS.register_module()
class AnomalyThresholdHook(Hook):
    """Score good images, and store the threshold in the model.

    After each epoch that is validated or saved, so that every checkpoint has the
    threshold and the scores of good images that belong to its weights.

    Args:
        dataloader: Name of a key at the top of the config, which is a data loader's
            config, or such a config itself. The good images count, and with 'best_f1'
            the defective ones too. Its images were held out of the training, or they
            are those of the training in the same order, if the model can score an
            image as if it had not been learned (:meth:`mmacnn.PatchCore.
            calibration_scores`). Transforms in its pipeline, such as noise or a small
            shift, make the threshold allow for them.
        max_fpr: Fraction of good images that may be reported, [0, 1).
        confidence: None if the expected rate shall be at most ``max_fpr``; a number in
            (0, 1) if the rate itself shall, in this fraction of all cases. It needs
            more images. See :func:`mmacnn.ops.fpr_threshold`.
        by: 'max_fpr', or 'best_f1': the highest F1 on these images.

    Raises:
        InputError: The config has no such key.
            A setting is wrong, there is no good image, or an image was learned from.
    """

    def __init__(
        self,
        dataloader: str | dict = 'calibration_dataloader',
        max_fpr: float = 0.05,
        confidence: float | None = None,
        by: str = 'max_fpr',
    ) -> None:
        check_choice(by, max_fpr, confidence)
        self.dataloader = dataloader
        self.options = dict(max_fpr=max_fpr, confidence=confidence, by=by)

    def before_train(self, runner: Runner) -> None:
        """Build the data loader, so that its mistakes come before the training."""
        cfg = self.dataloader
        if isinstance(cfg, str):
            if cfg not in runner.cfg:
                raise InputError(
                    f'{runner.cfg.filename}: AnomalyThresholdHook expected the key '
                    f'{cfg!r}, the data loader of good validation images'
                )
            cfg = runner.cfg[cfg]
        self._loader = runner.build_dataloader(cfg, seed=runner.seed)
        labels = [info['gt_label'] for info in _infos(self._loader.dataset)]
        _require_good(torch.tensor(labels), self._loader)
        learned = runner.train_dataloader.dataset
        self.options['is_learned'] = is_learned(
            runner.model, self._loader.dataset, learned
        )

    def after_train_epoch(self, runner: Runner) -> None:
        """Choose the threshold, if the epoch's weights will be used."""
        if self._is_due(runner):
            line = choose_threshold(runner.model, self._loader, **self.options)
            runner.logger.info(line[0].upper() + line[1:])

    def _is_due(self, runner: Runner) -> bool:
        loop = runner.train_loop
        intervals = [
            hook.interval
            for hook in runner.hooks
            if isinstance(hook, CheckpointHook) and hook.by_epoch
        ]
        epoch = runner.epoch + 1
        if runner.val_loop is not None and epoch >= loop.val_begin:
            intervals.append(loop.val_interval)
        return epoch == loop.max_epochs or any(
            interval > 0 and epoch % interval == 0 for interval in intervals
        )


def is_learned(model: nn.Module, dataset: Dataset, learned: Dataset) -> bool:
    """Whether the images to calibrate on are those that the model learns from.

    Args:
        model: Asked whether it can do that.
        dataset: Images to calibrate on.
        learned: Images to learn from.

    Raises:
        InputError: They are, and the model cannot leave an image out; or some are.
    """
    paths = [info.get('img_path') for info in _infos(dataset)]
    known = [info.get('img_path') for info in _infos(learned)]
    common = set(paths).intersection(known) - {None}
    if not common:
        return False
    model = model.module if is_model_wrapper(model) else model
    if paths == known and hasattr(model, 'calibration_scores'):
        return True
    expected = 'none'
    if hasattr(model, 'calibration_scores'):
        expected = 'none, or all of them in the same order'
    raise InputError(
        f'{min(common)}: found {len(common)} of {len(paths)} images to choose the '
        f'anomaly threshold by among those that {type(model).__name__} learns from, '
        f'expected {expected}'
    )


@torch.no_grad()
def choose_threshold(
    model: nn.Module, dataloader: DataLoader, is_learned: bool = False, **options
) -> str:
    """Score images and let the model choose its threshold on them.

    Args:
        model: :class:`mmacnn.models.anomaly.AnomalyDetector`, or a distributed wrapper
            of it.
        dataloader: Of images with ``gt_label``, 0 for good ones.
        is_learned: Whether these are the images that the model has learned from; each
            is then scored as if it had not been.
        **options: See :meth:`mmacnn.models.anomaly.ScoreCalibration.fit`.

    Returns:
        A line for the log.

    Raises:
        InputError: There is no good image, or an option is wrong.
    """
    model = model.module if is_model_wrapper(model) else model
    training = model.training
    model.eval()
    if is_learned:
        scores, peaks = model.calibration_scores(dataloader)
        labels = torch.zeros(len(scores))  # There are good images alone to learn from.
    else:
        scores, labels, peaks = _measure(model, dataloader)
    model.train(training)
    _require_good(labels, dataloader)
    try:
        return model.calibration.fit(
            scores, labels, peaks if len(peaks) else None, **options
        )
    except ValueError as error:  # of the plain functions that count the images
        raise InputError(str(error)) from error


def _measure(model: nn.Module, dataloader: DataLoader) -> Iterator[Tensor]:
    """Scores (N,), labels (N,) and the maps' peaks, (N,) or empty, of all images."""
    scores, labels, peaks = [], [], []
    for batch in dataloader:
        batch = model.data_preprocessor(batch, False)
        score, maps = model.measure(batch['inputs'])
        scores += score.tolist()
        labels += [int(sample.gt_label) for sample in batch['data_samples']]
        if maps is not None:
            peaks += maps.amax((1, 2)).tolist()
    count = len(dataloader.dataset)
    for values in (scores, labels, peaks):
        yield torch.tensor(_of_all_processes(values, count))


def _of_all_processes(values: list, count: int) -> list:
    """A value for each of ``count`` images, in order, from those of this process.

    Images are dealt out one by one; the last processes get some first images twice, so
    that all have equally many.
    """
    turns = zip_longest(*all_gather_object(values))
    in_order = [value for turn in turns for value in turn if value is not None]
    return in_order[:count]


def _require_good(labels: Tensor, dataloader: DataLoader) -> None:
    if not (labels == 0).any():
        folder = getattr(dataloader.dataset, 'data_root', '') or 'data loader'
        raise InputError(
            f'{folder}: found no good image among the {len(labels)} to choose the '
            'anomaly threshold by, expected one at least'
        )


def _infos(dataset: Dataset) -> Iterator[dict]:
    return (dataset.get_data_info(index) for index in range(len(dataset)))
