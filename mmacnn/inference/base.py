# Copyright (c) mmacnn authors. All rights reserved.
"""What all inferencers share: the model, its test pipeline and its classes."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.device import get_device
from mmengine.registry import DefaultScope
from torch.nn.modules.batchnorm import _BatchNorm

from mmacnn.datasets.transforms.load_image import is_loader, loader_of
from mmacnn.engine.building import build_model, config_errors
from mmacnn.engine.checkpoint import class_names, load_checkpoint, load_weights
from mmacnn.line.tiles import MAX_OVERLAP, MIN_TILE, tile_windows
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number
from mmacnn.utils.user_errors import describe

from .finite import NOT_FINITE, is_finite
from .result import InspectionResult
from .shrinkage import note_shrink_factor

Window = tuple[int, int, int, int]


class Inferencer:
    """A model, and the steps from images to results; :class:`Inspector` calls them.

    Images in a row are one batch: ``preprocess``, ``forward``, and for each image
    ``postprocess`` and ``visualize``. A subclass knows what a prediction is. The names
    of the classes come from the checkpoint, else from the test set.

    Args:
        config (Config): With ``model`` and ``test_dataloader``.
        weights (str, optional): The checkpoint, a path or URL; float16 is fine. None
            with ``backend_model``.
        device (str, optional): Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        backend_model (str, optional): Model folder of ``tools/deploy.py`` to run in the
            place of the weights; it chooses its device itself.
        tile (int, optional): Side in pixels of the tiles in which images that are
            larger are looked at, one after the other. Defaults to whole images.
        overlap (float): Least fraction of a tile that its neighbour shows too, [0, 1).

    Raises:
        FileNotFoundError: The checkpoint or the model folder is missing.
        InputError: The config lacks a key or does not build, the checkpoint can't be
            read or does not fit the model, there is no such device, or a package that
            runs the exported model is not installed.
    """

    scope: str
    """Where types without a scope are looked for if the config does not say it."""

    collate = staticmethod(pseudo_collate)
    """Makes a batch of what the pipeline returns."""

    batch_size: int | None = None
    """How many images an exported model of a fixed batch takes."""

    def __init__(
        self,
        config: Config,
        weights: str | None = None,
        device: str | None = None,
        backend_model: str | None = None,
        tile: int | None = None,
        overlap: float = 0.2,
    ) -> None:
        if tile is not None:
            check_number('tile', tile, MIN_TILE)
        check_number('overlap', overlap, 0, MAX_OVERLAP)
        self.tile, self.overlap = tile, overlap
        path = config.filename or 'config'
        for key in ('model', 'test_dataloader'):
            if key not in config:
                raise InputError(f'{path}: expected the key {key!r}')
        self.is_exported = backend_model is not None
        if not self.is_exported:
            checkpoint = load_checkpoint(str(weights))
        else:
            from mmacnn.deploy import testing  # installed by who deploys

            config = deepcopy(config)
            self.batch_size = testing.use_exported_model(config, str(backend_model))
            names = testing.class_names_of(str(backend_model))
            meta = dict(dataset_meta=dict(classes=names))
            checkpoint = dict(
                meta=dict(meta, drift=testing.drift_of(str(backend_model)))
            )
        self.model = build_model(config, self.scope)
        scope = config.get('default_scope') or self.scope
        errors = config_errors(path, 'test_dataloader')
        with DefaultScope.overwrite_default_scope(scope), errors:
            steps = deepcopy(config.test_dataloader.dataset.pipeline)
            self.loader = loader_of(steps)
            self.pipeline = Compose([step for step in steps if not is_loader(step)])
        self.is_cropped = any(
            'Crop' in type(step).__name__ for step in self.pipeline.transforms
        )
        if not self.is_exported:
            load_weights(self.model, checkpoint, str(weights))
            try:
                self.model.to(device or get_device())
            except (RuntimeError, AssertionError) as error:
                raise InputError(f'device {device!r}: {describe(error)}') from None
        self.model.eval()
        with config_errors(path, 'test_dataloader'):
            self.classes = class_names(checkpoint, config)
        self.drift = (checkpoint.get('meta') or {}).get('drift')
        """How usual frames look, see :mod:`mmacnn.line.drift`; None if not known."""

    def preprocess(
        self,
        images: Sequence[np.ndarray],
        names: Sequence[str],
        annotations: Sequence[dict] | None = None,
    ) -> Any:
        """Put images through the test pipeline and collate them.

        Args:
            images (Sequence[np.ndarray]): Each (H, W, 3) uint8 BGR.
            names (Sequence[str]): What the data samples have as ``img_path``.
            annotations (Sequence[dict], optional): What the pipeline finds beside each
                image. By default, that nothing is known of it.

        Returns:
            What the model's ``test_step`` takes.
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
        for packed, image in zip(data, images, strict=True):
            note_shrink_factor(packed, image, self.is_cropped)
        return self.collate(data)

    @torch.no_grad()
    def forward(self, batch: Any) -> list:
        """Predict on a batch of :meth:`preprocess`.

        Returns:
            list: A data sample an image, on the CPU.
        """
        return [sample.cpu() for sample in self.model.test_step(batch)]

    def predict(self, images: Sequence[np.ndarray], names: Sequence[str]) -> list:
        """:meth:`forward` of :meth:`preprocess`; larger images than a tile in tiles."""
        if self.tile is None or not any(max(i.shape[:2]) > self.tile for i in images):
            return self.forward(self.preprocess(images, names))
        return [
            self._predict_tiles(image, name)
            if max(image.shape[:2]) > self.tile
            else self.forward(self.preprocess([image], [name]))[0]
            for image, name in zip(images, names, strict=True)
        ]

    def _predict_tiles(self, image: np.ndarray, name: str) -> Any:
        """One tile at a time, which needs the memory of one."""
        is_complete, factors = True, []

        def parts() -> Iterator[tuple[Window, Any]]:
            nonlocal is_complete
            for window in tile_windows(image.shape[:2], self.tile, self.overlap):
                left, top, right, bottom = window
                crop = np.ascontiguousarray(image[top:bottom, left:right])
                (sample,) = self.forward(self.preprocess([crop], [name]))
                is_complete &= self.is_finite(sample)
                factors.append(self.shrink_factor(sample))
                yield window, sample

        merged = self.merge(parts(), image.shape[:2])
        merged.set_metainfo(
            dict(
                ori_shape=image.shape[:2],
                is_complete=is_complete,
                shrink_factor=max(factors),
            )
        )
        return merged

    def merge(self, parts: Iterator[tuple[Window, Any]], size: tuple[int, int]) -> Any:
        """One prediction for an image out of those of its tiles.

        Args:
            parts: (left, top, right, bottom) of each tile, and what was predicted.
            size: (H, W) of the image.
        """
        raise NotImplementedError

    def postprocess(
        self, prediction: Any, name: str, size: tuple[int, int]
    ) -> InspectionResult:
        """What a prediction says, or why it says nothing; without a verdict.

        Args:
            prediction: One of :meth:`forward`.
            name (str): Of the image.
            size (tuple[int, int]): (H, W) of the image.
        """
        if not self.is_finite(prediction):
            return InspectionResult(name, error=f'{name}: {NOT_FINITE}')
        return InspectionResult(name, **self.fields_of(prediction, size))

    def shrink_factor(self, prediction: Any) -> float:
        """How many times smaller than the image is what the model saw; 1 if unknown."""
        return prediction.get('shrink_factor', 1.0)

    def visualize(
        self,
        name: str,
        image: np.ndarray,
        prediction: Any,
        show: bool = False,
        out_file: str | None = None,
    ) -> None:
        """Draw a prediction on its image, BGR, in a window or a file."""
        raise NotImplementedError

    def is_finite(self, prediction: Any) -> bool:
        """Whether a prediction, of all tiles, holds neither NaN nor infinity."""
        return prediction.get('is_complete', True) and is_finite(prediction)

    def fields_of(self, prediction: Any, size: tuple[int, int]) -> dict:
        """Fields of :class:`InspectionResult` for an image of ``size``."""
        raise NotImplementedError

    def class_name(self, label: int) -> str:
        """The name of a class, or its number where no name is known."""
        names = self.classes or ()
        return str(names[label]) if label < len(names) else f'class {label}'

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

    def _annotation(self) -> dict:
        """What the pipeline finds beside the image: that nothing is known of it."""
        return {}
