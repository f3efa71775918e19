# Copyright (c) mmacnn authors. All rights reserved.
"""Self-training: a trained A-CNN draws the boxes that nobody has drawn."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmacnn.datasets.image_files import read_image_size
from mmacnn.engine.building import config_errors
from mmacnn.engine.config import load_config
from mmacnn.inference.inspector import Inspector
from mmacnn.registry import DATASETS
from mmacnn.utils import InputError, atomic_folder, require_empty


class PseudoLabels(NamedTuple):
    """How many images keep the user's box, got one, and stay without."""

    drawn: int
    proposed: int
    undrawn: int


def make_pseudo_labels(
    config: str,
    checkpoint: str,
    out_dir: str,
    min_score: float = 0.9,
    batch_size: int = 16,
    device: str | None = None,
    show_dir: str = '',
    cfg_options: dict | None = None,
) -> PseudoLabels:
    """Write labels in which the training images have the boxes that the model finds.

    The classes of all training images are known, and only a crop that holds the object
    tells its class. So where the model names the right class with a high score, its
    ROI is in the right place: a pseudo-label (Lee, *Pseudo-Label*, ICML Workshops 2013)
    that the class has verified. A new training on these labels is stronger than its
    teacher, since it sees the images with noise and augmentation that the teacher was
    spared (Xie et al., *Self-training with Noisy Student*, CVPR 2020, section 3).

    A pseudo-label has the median size of the drawn ones. Boxes that were drawn stay,
    and images that the model classifies wrongly or doubts stay without.

    Args:
        config: Config of an A-CNN; its training set gives images, classes and boxes.
        checkpoint: Weights that were trained on it.
        out_dir: New or empty folder for the label files, ``NAME.txt``, one an image.
        min_score: Least score of the true class, in ``[0, 1]``.
        batch_size: Images that go through the model together.
        device: Such as ``'cpu'`` or ``'cuda:0'``; the best there by default.
        show_dir: New or empty folder for the pictures and results of the Inspector;
            none by default.
        cfg_options: Settings to override, with dotted keys.

    Raises:
        FileExistsError: ``out_dir`` or ``show_dir`` is not empty.
        FileNotFoundError: The config, the checkpoint or the data are not there.
        InputError: The data are wrong, no box is drawn, or the model predicts no ROI.
    """
    require_empty(out_dir)
    cfg = load_config(config, cfg_options=cfg_options)
    inspector = Inspector(cfg, checkpoint, device)
    with config_errors(config, 'train_dataloader'):
        dataset = DATASETS.build(cfg.train_dataloader.dataset | dict(pipeline=[]))
    samples = [dataset.get_data_info(index) for index in range(len(dataset))]
    sizes = [_width_height(sample['img_path']) for sample in samples]
    drawn = [
        _normalised(sample['gt_bboxes'][0], size) if len(sample['gt_bboxes']) else None
        for sample, size in zip(samples, sizes, strict=True)
    ]
    if not any(box is not None for box in drawn):
        raise InputError(
            f'{config}: found no box in the training set, expected at least one'
        )
    usual_size = np.median([box[2:] for box in drawn if box is not None], axis=0)

    results = inspector(
        [sample['img_path'] for sample in samples], batch_size, out_dir=show_dir
    )
    proposed = []
    for result, sample, size in zip(results, samples, sizes, strict=True):
        if result.error:
            raise InputError(result.error)
        if result.roi is None:
            raise InputError(
                f'{config}: expected a model that predicts a ROI, such as ACNN'
            )
        centre = np.reshape(result.roi, (2, 2)).mean(0) / size
        is_sure = result.scores[sample['gt_label']] >= min_score
        proposed.append(np.append(centre, usual_size) if is_sure else None)
    boxes = [
        new if own is None else own for own, new in zip(drawn, proposed, strict=True)
    ]
    _write_labels(samples, boxes, out_dir)
    num_drawn = sum(box is not None for box in drawn)
    num_boxes = sum(box is not None for box in boxes)
    return PseudoLabels(num_drawn, num_boxes - num_drawn, len(boxes) - num_boxes)


def _width_height(path: str) -> np.ndarray:
    height, width = read_image_size(path)
    return np.array((width, height))


def _normalised(box: np.ndarray, size: np.ndarray) -> np.ndarray:
    """``xyxy`` in pixels to ``cx, cy, w, h`` in fractions of the image."""
    first, last = box[:2] / size, box[2:] / size
    return np.concatenate(((first + last) / 2, last - first))


def _write_labels(samples: list[dict], boxes: list, out_dir: str) -> None:
    with atomic_folder(out_dir) as folder:
        for sample, box in zip(samples, boxes, strict=True):
            fields = [str(sample['gt_label'])]
            if box is not None:
                # A box round a centre at the edge must not reach out of the image.
                first = np.clip(box[:2] - box[2:] / 2, 0, 1)
                last = np.clip(box[:2] + box[2:] / 2, 0, 1)
                fields += [f'{x:.6f}' for x in (*(first + last) / 2, *(last - first))]
            name = Path(sample['img_path']).with_suffix('.txt').name
            (folder / name).write_text(' '.join(fields) + '\n')
