# Copyright (c) mmacnn authors. All rights reserved.

import logging
import os.path as osp
from collections import Counter
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import mmcv
import mmengine
import numpy as np
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.device import get_device
from mmengine.logging import print_log
from mmpretrain import get_model
from mmpretrain.apis import ImageClassificationInferencer
from mmpretrain.structures import DataSample

from mmacnn.datasets.image_files import IMAGE_SUFFIXES, list_files, read_image_size
from mmacnn.utils import require_empty, track, written_whole
from mmacnn.visualization import RoIVisualizer, name_pictures

from .config import class_names, load_checkpoint, load_config, load_weights
from .user_errors import describe

Image = str | Path | np.ndarray
LISTED = 20  # More results than this are counted instead of listed.


class RoIInferencer(ImageClassificationInferencer):
    """Say what is on images and where the model looked, and draw it.

    Works with every classifier of a config; ROI and heat map are there if the model
    predicts them. The names of the classes come from the checkpoint, else from the
    config's test set.

    Args:
        model (str | Path | Config): The config, with ``test_dataloader``.
        weights (str | Path): The checkpoint, a path or URL; float16 is fine.
        device (str, optional): Such as 'cpu' or 'cuda:0'. Defaults to the best there.

    Raises:
        FileNotFoundError: The config or the checkpoint is missing.
        KeyError: The config has no ``model`` or ``test_dataloader``.
        ValueError: The checkpoint can't be read or doesn't fit the model, or there is
            no such device.

    Example:
        >>> inferencer = RoIInferencer('config.py', 'weights.pth')  # doctest: +SKIP
        >>> inferencer('images/', out_dir='pictures')  # doctest: +SKIP
        [{'img_path': 'images/1.png', 'pred_class': '(18.7)', ...}, ...]
    """

    def __init__(
        self,
        model: str | Path | Config,
        weights: str | Path,
        device: str | None = None,
    ) -> None:
        config = model if isinstance(model, Config) else load_config(str(model))
        for key in ('model', 'test_dataloader'):
            if key not in config:
                raise KeyError(
                    f'{config.filename or "config"}: expected the key {key!r}'
                )
        checkpoint = load_checkpoint(str(weights))
        classifier = get_model(config, pretrained=False)
        load_weights(classifier, checkpoint, str(weights))
        try:
            super().__init__(classifier, device=device or get_device())
        except (RuntimeError, AssertionError) as error:
            raise ValueError(f'device {device!r}: {describe(error)}') from None
        self.classes = class_names(checkpoint, config) or self.classes
        self.visualizer = RoIVisualizer()
        self.visualizer.dataset_meta = dict(classes=self.classes)

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
            return_datasamples (bool): Return data samples (with the heat map) instead
                of dicts.

        Returns:
            list: For each image, in order, a dict of plain numbers with ``img_path``,
            ``pred_label``, ``pred_class``, ``pred_score``, ``pred_scores``, and where
            the model has them ``pred_roi`` (xyxy) and ``pred_centre_px`` (x, y) in
            pixels of the image; with ``out_dir`` also ``picture``. An image file that
            can't be read has ``img_path`` and ``error`` alone, or is None among data
            samples; the others go on.

        Raises:
            FileNotFoundError: An input is missing.
            FileExistsError: ``out_dir`` is not empty.
            ValueError: A folder has no image, an array is not an image, or
                ``batch_size`` is below 1.
        """
        if batch_size < 1:
            raise ValueError(f'batch_size: expected at least 1, found {batch_size}')
        images = self._inputs_to_list(inputs)
        if out_dir:
            require_empty(out_dir)
        paths = [_name(image, i) for i, image in enumerate(images)]
        pictures = name_pictures(paths)

        samples, results = [], []
        chunks = self._get_chunk_data(zip(images, paths, strict=True), batch_size)
        for chunk in track(chunks, 'Inference', ceil(len(images) / batch_size)):
            for path, image, sample, error in self._predict(chunk):
                samples.append(sample if return_datasamples else None)
                if sample is None:
                    results.append(dict(img_path=path, error=error))
                    continue
                results.append(self._as_dict(path, sample))
                if out_dir:
                    results[-1]['picture'] = osp.join(out_dir, pictures[path])
                if out_dir or show:
                    self.visualizer.add_datasample(
                        osp.basename(path),
                        image[..., ::-1],
                        sample,
                        show=show,
                        out_file=results[-1].get('picture'),
                    )
        if out_dir:
            with written_whole(osp.join(out_dir, 'predictions.json')) as path:
                mmengine.dump(results, path, indent=1)
        return samples if return_datasamples else results

    def _inputs_to_list(self, inputs: Image | Sequence[Image]) -> list[Image]:
        """Files of a folder, in order, or the inputs themselves."""
        if isinstance(inputs, str | Path) and osp.isdir(inputs):
            names = list_files(str(inputs), IMAGE_SUFFIXES)
            if not names:
                raise ValueError(
                    f'{inputs}: expected images ({" ".join(IMAGE_SUFFIXES)}) in the '
                    'folder, found none'
                )
            return [osp.join(inputs, name) for name in names]
        images = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        for i, image in enumerate(images):
            if not isinstance(image, np.ndarray):
                if not osp.isfile(image):
                    raise FileNotFoundError(f'{image}: no such image or folder')
            elif image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
                raise ValueError(
                    f'input {i}: expected an image, uint8 of shape (H, W, 3), found '
                    f'{image.dtype} of shape {image.shape}'
                )
        return images

    def _predict(self, chunk: list[tuple[Image, str]]) -> list[tuple]:
        """Path, image, prediction and error of each input, None for what lacks."""
        read = [(path, *_read_image(image)) for image, path in chunk]
        data = [
            self.pipeline(
                dict(
                    img=image,
                    img_path=path,
                    img_shape=image.shape[:2],
                    ori_shape=image.shape[:2],
                    # As in a data set where the box is not known.
                    gt_bboxes=np.zeros((0, 4), dtype=np.float32),
                )
            )
            for path, image, _ in read
            if image is not None
        ]
        samples = iter(self.forward(default_collate(data)) if data else ())
        return [
            (path, image, None if image is None else next(samples).cpu(), error)
            for path, image, error in read
        ]

    def _as_dict(self, path: str, sample: DataSample) -> dict:
        """A prediction as plain numbers."""
        label = int(sample.pred_label)
        result = dict(
            img_path=path,
            pred_label=label,
            pred_class=self.visualizer.class_name(label),
            pred_score=float(sample.pred_score[label]),
            pred_scores=sample.pred_score.tolist(),
        )
        if 'pred_roi' in sample:
            left, top, right, bottom = sample.pred_roi.tolist()
            result['pred_roi'] = [left, top, right, bottom]
            result['pred_centre_px'] = [(left + right) / 2, (top + bottom) / 2]
        return result


def _name(image: Image, index: int) -> str:
    return f'array_{index}' if isinstance(image, np.ndarray) else str(image)


def _read_image(image: Image) -> tuple[np.ndarray | None, str]:
    """The image as an array, or None and what is wrong with the file."""
    if isinstance(image, np.ndarray):
        return image, ''
    try:
        read_image_size(str(image))  # OpenCV fills up a truncated file in grey.
        array = mmcv.imread(image)
        if array is None:
            raise ValueError(f'{image}: expected an image that OpenCV can read')
        return array, ''
    except ValueError as error:
        print_log(f'Skipped {error}', logger='current', level=logging.WARNING)
        return None, str(error)


def describe_results(results: Sequence[dict], out_dir: str = '') -> str:
    """Say what :class:`RoIInferencer` found, in lines for a terminal.

    Args:
        results (Sequence[dict]): What it returned.
        out_dir (str): Where its pictures are.

    Returns:
        str: A line for each image if there are few, else the images of each class;
        then how many could not be read, and where the pictures are.
    """
    good = [result for result in results if 'error' not in result]
    if len(good) <= LISTED:
        lines = [
            f'{result["img_path"]}: {result["pred_class"]} {result["pred_score"]:.2f}'
            for result in good
        ]
    else:
        counts = Counter(result['pred_class'] for result in good)
        lines = [f'{name}: {count} images' for name, count in counts.most_common()]
    if len(good) < len(results):
        lines.append(f'{len(results) - len(good)} images could not be read')
    if out_dir:
        lines.append(f'pictures and predictions.json: {out_dir}')
    return '\n'.join(lines)
