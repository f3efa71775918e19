# Copyright (c) mmacnn authors. All rights reserved.
"""Train a detector of ultralytics from scratch on COCO json; test as ours, export.

Compared with the detectors of configs/canet. Needs requirements/benchmarks.txt.
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
from train_yolo import add_training_arguments, train

from mmacnn.datasets import CheckedCocoMetric
from mmacnn.utils import InputError, run_tool, track


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model', help='yolov8n.yaml, yolo11n.yaml, ...')
    parser.add_argument(
        'data_root', help='folder that `python -m mmacnn import ... --to coco` wrote'
    )
    add_training_arguments(parser, '128x128')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from yolo_trainer import YOLO  # after the arguments: --help needs no ultralytics

    root, work_dir = Path(args.data_root).resolve(), Path(args.work_dir).resolve()
    if (work_dir / 'result.json').exists():  # its minutes would be lost
        raise InputError(f'{work_dir}: holds a result, expected another folder')
    data, names = write_data(root, work_dir)
    start = time.process_time()
    weights = train(args, work_dir, data, fliplr=0.5, flipud=0.5)
    minutes = (time.process_time() - start) / 60
    model = YOLO(weights)
    metrics = test(model, root / 'test', names, args.input_size)
    result = dict(
        model=args.model, epochs=args.epochs, processor_minutes=minutes, **metrics
    )
    model.export(format='onnx', imgsz=list(args.input_size), opset=13, simplify=False)
    (work_dir / 'result.json').write_text(json.dumps(result, indent=2) + '\n')
    print(json.dumps(result, indent=2))


def write_data(root: Path, work_dir: Path) -> tuple[Path, list[str]]:
    """Links to the training images, their boxes as ultralytics reads them, the classes.

    Its own ``convert_coco`` takes the class for the category's id less 1, and writes
    its labels beside no images.
    """
    truth = json.loads((root / 'train' / 'annotations.json').read_text())
    names = [category['name'] for category in truth['categories']]
    numbers = {c['id']: i for i, c in enumerate(truth['categories'])}
    lines = {image['id']: [] for image in truth['images']}
    sizes = {
        image['id']: (image['width'], image['height']) for image in truth['images']
    }
    for box in truth['annotations']:
        corner, extent = np.array(box['bbox'], float).reshape(2, 2)
        size = sizes[box['image_id']]
        values = np.concatenate([(corner + extent / 2) / size, extent / size])
        line = ' '.join(map(str, [numbers[box['category_id']], *values]))
        lines[box['image_id']].append(line)
    images, labels = work_dir / 'data' / 'images', work_dir / 'data' / 'labels'
    for folder in (images, labels):
        folder.mkdir(parents=True, exist_ok=True)
    for image in truth['images']:
        source = root / 'train' / 'images' / image['file_name']
        link = images / f'{image["id"]}{source.suffix}'
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(source, images))
        text = '\n'.join(lines[image['id']])
        (labels / f'{link.stem}.txt').write_text(text)
    path = work_dir / 'data.yaml'
    folders = dict(path=str(work_dir / 'data'), train='images', val='images')
    path.write_text(json.dumps(dict(**folders, names=dict(enumerate(names)))))
    return path, names


def test(
    model, folder: Path, names: list[str], size: tuple[int, int]
) -> dict[str, float]:
    """mAP and what is found, by the metric of the other detectors."""
    metric = CheckedCocoMetric(str(folder / 'annotations.json'), metric='bbox')
    metric.dataset_meta = dict(classes=names)
    truth = json.loads((folder / 'annotations.json').read_text())
    for image in track(truth['images'], 'testing'):
        found = model.predict(
            str(folder / 'images' / image['file_name']),
            imgsz=list(size),
            conf=0.001,
            verbose=False,
        )[0].boxes
        sample = dict(
            img_id=image['id'],
            ori_shape=(image['height'], image['width']),
            pred_instances=dict(
                bboxes=found.xyxy.cpu(),
                scores=found.conf.cpu(),
                labels=found.cls.cpu().to(torch.int64),
            ),
        )
        metric.process({}, [sample])
    return metric.evaluate(len(truth['images']))


if __name__ == '__main__':
    run_tool(main)
