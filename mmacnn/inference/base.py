# Copyright (c) mmacnn authors. All rights reserved.
"""What all inferencers share: batches, pictures and results."""

import os.path as osp
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import mmcv
import mmengine
import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.device import get_device
from mmengine.registry import MODELS, TRANSFORMS, DefaultScope
from mmengine.structures import BaseDataElement
from torch.nn.modules.batchnorm import _BatchNorm

from mmacnn.datasets.transforms import LoadAnyDepthImage
from mmacnn.engine.checkpoint import class_names, load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.utils import (
    InputError,
    atomic_write,
    maybe_atomic_write,
    require_empty,
    track,
)
from mmacnn.utils.user_errors import describe
from mmacnn.visualization.picture_files import name_pictures

from .finite import NOT_FINITE, is_finite
from .frames import Image, Load, list_images, name_of, read_image


class ImageInferencer:
    """Predict on images and draw it; a subclass knows what a prediction is.

    The names of the classes come from the checkpoint, else from the test set.

    Args:
        model (str | Path | Config): The config, with ``test_dataloader``.
        weights (str | Path, optional): The checkpoint, a path or URL; float16 is fine.
            None with ``backend_model``.
        device (str, optional): Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        backend_model (str, optional): Model folder of ``tools/deploy.py`` to run in the
            place of the weights; it chooses its device itself.

    Raises:
        FileNotFoundError: The config, the checkpoint or the model folder is missing.
        InputError: A package that runs the exported model is not installed.
            The config has no ``model`` or ``test_dataloader``.
        InputError: The checkpoint can't be read or doesn't fit the model, or there is
            no such device.
    """

    scope: str
    """Where types without a scope are looked for if the config does not say it."""

    collate = staticmethod(pseudo_collate)
    """Makes a batch of what the pipeline returns."""

    batch_size: int | None = None
    """How many images an exported model of a fixed batch takes."""

    def __init__(
        self,
        model: str | Path | Config,
        weights: str | Path | None = None,
        device: str | None = None,
        backend_model: str | None = None,
    ) -> None:
        config = model if isinstance(model, Config) else load_config(str(model))
        for key in ('model', 'test_dataloader'):
            if key not in config:
                raise InputError(
                    f'{config.filename or "config"}: expected the key {key!r}'
                )
        self.is_exported = backend_model is not None
        if not self.is_exported:
            checkpoint = load_checkpoint(str(weights))
        else:
            from mmacnn.deploy import testing  # installed by who deploys

            config = deepcopy(config)
            self.batch_size = testing.use_exported_model(config, str(backend_model))
            names = testing.class_names_of(str(backend_model))
            checkpoint = dict(meta=dict(dataset_meta=dict(classes=names)))
        scope = config.get('default_scope') or self.scope
        with DefaultScope.overwrite_default_scope(scope):
            self.model = _build_model(config)
            self.load, self.pipeline = _build_pipeline(config)
        if backend_model is None:
            load_weights(self.model, checkpoint, str(weights))
            try:
                self.model.to(device or get_device())
            except (RuntimeError, AssertionError) as error:
                raise InputError(f'device {device!r}: {describe(error)}') from None
        self.model.eval()
        self.classes = class_names(checkpoint, config)

    def __call__(
        self,
        inputs: Image | Sequence[Image],
        batch_size: int = 1,
        out_dir: str = '',
        show: bool = False,
        return_datasamples: bool = False,
    ) -> list:
        """Predict, batch by batch.

        Args:
            inputs (str | Path | np.ndarray | list): An image file, a folder of them,
                an image (H, W, 3) uint8 BGR as ``mmcv.imread`` returns it, or a list
                of files and images.
            batch_size (int): Images that go through the model together.
            out_dir (str): New or empty folder for a picture of each image and
                ``predictions.json``. Nothing is written by default.
            show (bool): Show each picture in a window until a key is pressed.
            return_datasamples (bool): Return data samples instead of dicts.

        Returns:
            list: For each image, in order, a dict of plain numbers with ``img_path``
            and what the subclass says; with ``out_dir`` also ``picture``. An image file
            that can't be read, or whose prediction is not finite, has ``img_path`` and
            ``error`` alone, or is None among data samples; the others go on.

        Raises:
            FileNotFoundError: An input is missing.
            FileExistsError: ``out_dir`` is not empty.
            InputError: A folder has no image, an array is not an image, or
                ``batch_size`` is below 1.
        """
        if batch_size < 1:
            raise InputError(f'batch_size: expected at least 1, found {batch_size}')
        images = list_images(inputs)
        if out_dir:
            require_empty(out_dir)
        paths = [name_of(image, i) for i, image in enumerate(images)]
        pictures = name_pictures(paths)

        samples, results = [], []
        for start in track(range(0, len(images), batch_size), 'Inference'):
            batch = slice(start, start + batch_size)
            for path, image, sample, error in self._predict(
                images[batch], paths[batch]
            ):
                samples.append(sample if return_datasamples else None)
                if sample is None:
                    results.append(dict(img_path=path, error=error))
                    continue
                results.append(dict(img_path=path, **self.as_dict(sample)))
                if out_dir:
                    results[-1]['picture'] = osp.join(out_dir, pictures[path])
                if out_dir or show:
                    with maybe_atomic_write(results[-1].get('picture')) as out_file:
                        self.draw(osp.basename(path), image, sample, show, out_file)
        if out_dir:
            with atomic_write(osp.join(out_dir, 'predictions.json')) as path:
                mmengine.dump(results, path, indent=1)
        return samples if return_datasamples else results

    def fuse_conv_bn(self) -> None:
        """Merge each convolution with the normalization behind it.

        What is predicted changes by no more than rounding.

        Raises:
            InputError: Something looks at the output of a normalization, which then is
                no longer there, or an exported model runs, which needs no such thing.
        """
        if self.is_exported:
            raise InputError('fuse_conv_bn: found an exported model, expected weights')
        for name, module in self.model.named_modules():
            if isinstance(module, _BatchNorm) and module._forward_hooks:
                raise InputError(
                    f'fuse_conv_bn: a layer takes the output of {name}, which cannot '
                    'be merged with its convolution'
                )
        fuse_conv_bn(self.model)

    def class_name(self, label: int) -> str:
        """The name of a class, or its number where no name is known."""
        names = self.classes or ()
        return str(names[label]) if label < len(names) else f'class {label}'

    def as_dict(self, sample: BaseDataElement) -> dict:
        """A prediction as plain numbers."""
        raise NotImplementedError

    def draw(
        self,
        name: str,
        image: np.ndarray,
        sample: BaseDataElement,
        show: bool,
        out_file: str | None,
    ) -> None:
        """Draw a prediction on its image, BGR, in a window or a file."""
        raise NotImplementedError

    def _annotation(self) -> dict:
        """What the pipeline finds beside the image: that nothing is known of it."""
        return {}

    @torch.no_grad()
    def predict(
        self,
        images: Sequence[np.ndarray],
        names: Sequence[str],
        annotations: Sequence[dict] | None = None,
    ) -> list[BaseDataElement]:
        """Predict on images as one batch.

        Args:
            images (Sequence[np.ndarray]): Each (H, W, 3) uint8 BGR.
            names (Sequence[str]): What the data samples have as ``img_path``.
            annotations (Sequence[dict], optional): What the pipeline finds beside each
                image. By default, that nothing is known of it.

        Returns:
            list: A data sample an image, on the CPU.
        """
        annotations = annotations or [self._annotation()] * len(images)
        data = [
            self.pipeline(
                dict(
                    img=image,
                    img_path=name,
                    img_id=index,
                    img_shape=image.shape[:2],
                    ori_shape=image.shape[:2],
                    **annotation,
                )
            )
            for index, (name, image, annotation) in enumerate(
                zip(names, images, annotations, strict=True)
            )
        ]
        if not data:
            return []
        return [sample.cpu() for sample in self.model.test_step(self.collate(data))]

    def problem_of(self, sample: BaseDataElement) -> str:
        """Why a prediction says nothing of its image; '' where it does."""
        return '' if is_finite(sample) else NOT_FINITE

    def _predict(self, images: list[Image], paths: list[str]) -> list[tuple]:
        """Path, image, prediction and error of each input, None for what lacks."""
        read = [
            (path, *read_image(image, self.load))
            for image, path in zip(images, paths, strict=True)
        ]
        good = [(path, image) for path, image, _ in read if image is not None]
        samples = iter(
            self.predict([image for _, image in good], [path for path, _ in good])
        )
        results = []
        for path, image, error in read:
            sample = None if image is None else next(samples)
            if sample is not None and (problem := self.problem_of(sample)):
                sample, error = None, f'{path}: {problem}'
            results.append((path, image, sample, error))
        return results


def _build_model(config: Config) -> torch.nn.Module:
    model = deepcopy(config.model)
    if 'data_preprocessor' in config:  # mmpretrain's configs have it beside the model
        model.setdefault('data_preprocessor', config.data_preprocessor)
    return MODELS.build(model)


def _build_pipeline(config: Config) -> tuple[Load, Callable[[dict], dict]]:
    """How the test pipeline reads a file, and the rest of it."""
    load, steps = mmcv.imread, []
    for step in deepcopy(config.test_dataloader.dataset.pipeline):
        kind = step['type'].rpartition('.')[2]
        if kind == LoadAnyDepthImage.__name__:
            load = TRANSFORMS.build(step).read
        elif kind != 'LoadImageFromFile':
            steps.append(step)
    return load, Compose(steps)
