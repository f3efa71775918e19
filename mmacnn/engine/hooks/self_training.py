# Copyright (c) mmacnn authors. All rights reserved.
"""Self-training within one training: A-CNN draws the boxes that nobody has drawn."""

import copy

import numpy as np
import torch
import torch.nn as nn
from mmengine.dataset import BaseDataset, Compose
from mmengine.dist import all_gather_object
from mmengine.hooks import EMAHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmacnn.datasets import LabelledFractionSampler
from mmacnn.datasets.image_files import read_image_size
from mmacnn.models.classifiers import ACNN
from mmacnn.models.classifiers.class_centre import centre_by_class
from mmacnn.registry import HOOKS
from mmacnn.utils import InputError, track
from mmacnn.utils.arguments import check_number

NO_BOX = 'SelfTrainingHook: no training image has a box'
REMOVE = 'remove the hook (default_hooks.self_training=None)'
WAY_OUT = (
    'draw a few, or start from weights that find the object (load_from) with a begin '
    'of 0'
)


@HOOKS.register_module()
class SelfTrainingHook(Hook):
    """Give training images without a box the one that the model finds.

    The classes of all training images are known, and only a crop that holds the object
    tells its class. So where the model names the right class with a high score, its
    ROI is in the right place: a pseudo-label (Lee, *Pseudo-Label*, ICML Workshops 2013)
    that the class has verified, and centred (:func:`centre_by_class`), else the
    localizer would be taught its own error. What follows sees it with noise and
    augmentation that the model was spared (Xie et al., *Self-training with Noisy
    Student*, CVPR 2020). Where there is an ``EMAHook``, the moving average of the
    weights finds the boxes (Tarvainen and Valpola, *Mean teachers*, NeurIPS 2017).

    A pseudo-label has the median size of the drawn boxes, or the ROI's, where none is
    drawn; where the model predicts a pose, it is an oriented box with the ROI's pose.
    Drawn boxes stay. Checkpoints hold the pseudo-labels, so that a resumed training
    goes on with them.

    Weights that find the object already (``load_from``) need no drawn box at all, with
    a ``begin`` of 0.

    Args:
        begin: Fractions of the training after which boxes are drawn, each time anew, in
            [0, 1).
        min_score: Least score of the true class, in [0, 1].

    Raises:
        InputError: An argument is out of range; the model is no :class:`ACNN`; or when
            boxes are to be drawn, none is there and none is found.
    """

    priority = 'VERY_LOW'

    def __init__(self, begin: list[float] = (0.5,), min_score: float = 0.9) -> None:
        for fraction in begin:
            check_number('SelfTrainingHook: begin', fraction, 0, 1, below=True)
        check_number('SelfTrainingHook: min_score', min_score, 0, 1)
        self.begin = begin
        self.min_score = min_score
        self.found: dict[int, dict[str, np.ndarray]] = {}
        self.epoch = None  # In which they were found.

    def before_train(self, runner: Runner) -> None:
        """Keep the drawn boxes; of a resumed training go on with those found before."""
        if not isinstance(_teacher(runner), ACNN):
            raise InputError(
                'SelfTrainingHook finds boxes with mmacnn.ACNN, and this model is '
                f'{type(_teacher(runner)).__name__}: {REMOVE}'
            )
        dataset = runner.train_dataloader.dataset
        if not isinstance(dataset, BaseDataset):
            raise InputError(
                'SelfTrainingHook draws boxes into a data set itself, and '
                f'train_dataloader.dataset wraps one in {type(dataset).__name__}: '
                f'unwrap it, or {REMOVE}'
            )
        self.drawn = [dataset.get_data_info(i) for i in range(len(dataset))]
        if self.found:
            self._draw(runner)
        elif min(self.begin, default=0) and not any(
            len(info['gt_bboxes']) for info in self.drawn
        ):
            raise InputError(f'{NO_BOX}: {WAY_OUT}')

    def before_train_epoch(self, runner: Runner) -> None:
        """Look for boxes where it is time."""
        epochs = {round(part * runner.max_epochs) for part in self.begin}
        without = sum(not len(info['gt_bboxes']) for info in self.drawn)
        if without and runner.epoch in epochs - {self.epoch}:
            self.epoch = runner.epoch
            self.found = self._find(runner)
            if not self.found and without == len(self.drawn):
                raise InputError(
                    f'{NO_BOX}, and the model is sure of the class of none of them '
                    f'(score {self.min_score} or more): {WAY_OUT}'
                )
            self._draw(runner)
            runner.logger.info(
                f'self-training: boxes on {len(self.found)} of the {without} images '
                'without one'
            )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep what was found."""
        found = {
            index: {key: torch.from_numpy(value) for key, value in boxes.items()}
            for index, boxes in self.found.items()
        }
        checkpoint['self_training'] = dict(epoch=self.epoch, found=found)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Of a training that goes on."""
        if runner._resume and 'self_training' in checkpoint:
            self.epoch = checkpoint['self_training']['epoch']
            self.found = {
                index: {key: value.numpy() for key, value in boxes.items()}
                for index, boxes in checkpoint['self_training']['found'].items()
            }

    @torch.no_grad()
    def _find(self, runner: Runner) -> dict[int, dict[str, np.ndarray]]:
        """Boxes of the images without one whose class the model is sure of."""
        missing = [i for i, info in enumerate(self.drawn) if not len(info['gt_bboxes'])]
        loader = _without_augmentation(
            runner.train_dataloader.dataset,
            [self.drawn[index] for index in missing],
            runner.cfg.test_dataloader,
        )
        loader = runner.build_dataloader(loader)
        model = _teacher(runner)
        margin = getattr(getattr(model, 'loss_pose', None), 'margin', 1.0)
        size = _usual_size(self.drawn)
        boxes = []
        training = model.training
        model.eval()
        for batch in track(loader, 'Looking for boxes'):
            for sample in _inspect(model, batch):
                is_sure = sample.pred_score[sample.gt_label.item()] >= self.min_score
                # Of the sample nothing is kept: gigabytes, of thousands of images.
                boxes.append(_as_box(sample, size, margin) if is_sure else None)
        model.train(training)
        # Of several processes each has looked at every so many-th image.
        boxes = [
            box for row in zip(*all_gather_object(boxes), strict=True) for box in row
        ]
        found = zip(missing, boxes[: len(missing)], strict=True)
        return {index: box for index, box in found if box is not None}

    def _draw(self, runner: Runner) -> None:
        """Put the boxes into the training's data set, also that of its workers."""
        loader = runner.train_dataloader
        infos = copy.deepcopy(self.drawn)
        for index, boxes in self.found.items():
            infos[index].update(boxes)
        _replace(loader.dataset, infos)
        if isinstance(loader.sampler, LabelledFractionSampler):
            loader.sampler.refresh()
        loader._iterator = None  # Workers that live on have the data set as it was.


def _teacher(runner: Runner) -> nn.Module:
    """The moving average of the model, or the model."""
    for hook in runner.hooks:
        if isinstance(hook, EMAHook):
            return hook.ema_model.module
    return runner.model.module if is_model_wrapper(runner.model) else runner.model


def _inspect(model: nn.Module, batch: dict) -> list:
    """Predictions, each ROI moved to where the true class is read."""
    data = model.data_preprocessor(batch, False)
    inputs, samples = data['inputs'], model(**data, mode='predict')
    labels = torch.cat([sample.gt_label for sample in samples])
    where = model.localizer(inputs)
    where = where._replace(centre=centre_by_class(model, inputs, where, labels))
    model.set_place(samples, where, inputs.shape[-2:])
    return samples


def _without_augmentation(
    dataset: BaseDataset, infos: list[dict], loader: dict
) -> dict:
    """Loader of these images of a data set, as the test sees them."""
    dataset = copy.copy(dataset)
    dataset.pipeline = Compose(loader['dataset']['pipeline'])
    dataset.test_mode = True
    _replace(dataset, infos)
    return {**copy.deepcopy(loader), 'dataset': dataset, 'persistent_workers': False}


def _usual_size(infos: list[dict]) -> np.ndarray | None:
    """Median (width, height) of the drawn boxes, pixels of the images."""
    boxes = np.concatenate([info['gt_bboxes'] for info in infos])
    return np.median(boxes[:, 2:] - boxes[:, :2], axis=0) if len(boxes) else None


def _as_box(sample, size: np.ndarray | None, margin: float) -> dict[str, np.ndarray]:
    """The ROI as the data set has boxes, inside the image."""
    height, width = read_image_size(sample.img_path)
    limit = np.array((width, height, width, height))
    roi = sample.pred_roi.cpu().numpy()
    centre = (roi[:2] + roi[2:]) / 2
    size = roi[2:] - roi[:2] if size is None else size
    if 'pred_corners' in sample:
        corners = sample.pred_corners.cpu().numpy()
        corners = (corners.mean(0) + (corners - corners.mean(0)) / margin)[None]
        box = np.concatenate((corners.min(1), corners.max(1)), 1)
        boxes = dict(gt_bboxes=box, gt_corners=corners)
    else:
        box = np.concatenate((centre - size / 2, centre + size / 2))[None]
        boxes = dict(gt_bboxes=box)
    boxes['gt_bboxes'] = boxes['gt_bboxes'].clip(0, limit)
    return {key: value.astype(np.float32) for key, value in boxes.items()}


def _replace(dataset: BaseDataset, infos: list[dict]) -> None:
    """Other contents of a data set that is loaded."""
    dataset.data_list = infos
    if dataset.serialize_data:
        dataset.data_bytes, dataset.data_address = dataset._serialize_data()
