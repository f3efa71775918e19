# Copyright (c) mmacnn authors. All rights reserved.
"""Train a detector of ultralytics from scratch on all boxes, test and export it.

Compared with A-CNN in docs/en/benchmarks.md. Needs requirements/benchmarks.txt.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from mmengine.analysis import get_model_complexity_info

from mmacnn.cli import image_size, int_at_least
from mmacnn.datasets import YOLORoIDataset
from mmacnn.evaluation import RoILocalizationMetric
from mmacnn.utils import run_tool, track


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('model', help='yolov8n.yaml, yolo11n.yaml, ...')
    parser.add_argument('data_root', help='folder with classes.txt, train/ and test/')
    add_training_arguments(parser, '480x640')
    return parser.parse_args()


def add_training_arguments(parser: argparse.ArgumentParser, size: str) -> None:
    parser.add_argument(
        '--work-dir', required=True, help='continues with what is there'
    )
    parser.add_argument('--epochs', type=int_at_least(1), default=10)
    parser.add_argument('--batch-size', type=int_at_least(1), default=8)
    parser.add_argument('--input-size', type=image_size, default=size)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--amp', action='store_true', help='bfloat16 in the network, on the CPU'
    )


def main() -> None:
    args = parse_args()
    from yolo_trainer import YOLO  # after the arguments: --help needs no ultralytics

    work_dir = Path(args.work_dir).resolve()
    data = _write_data(Path(args.data_root).resolve(), work_dir)
    start = time.process_time()
    weights = train(args, work_dir, data, fliplr=0.0)  # a mirrored code is none
    minutes = (time.process_time() - start) / 60
    model = YOLO(weights)
    result = dict(
        model=args.model,
        epochs=args.epochs,
        processor_minutes=minutes,
        **_complexity(model, args.input_size),
        **_test(model, args.data_root, args.input_size),
    )
    model.export(format='onnx', imgsz=list(args.input_size), opset=13, simplify=False)
    (work_dir / 'result.json').write_text(json.dumps(result, indent=2) + '\n')
    print(json.dumps(result, indent=2))


def _write_data(root: Path, work_dir: Path) -> Path:
    """Lists of links to the images: ultralytics writes caches beside the labels."""
    for split in ('train', 'test'):
        for part in ('images', 'labels'):
            link = work_dir / 'data' / split / part
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(root / split / part)
        images = sorted((work_dir / 'data' / split / 'images').iterdir())
        lines = ''.join(f'{image}\n' for image in images)
        (work_dir / 'data' / f'{split}.txt').write_text(lines)
    names = (root / 'classes.txt').read_text().split()
    config = dict(
        path=str(work_dir / 'data'),
        train='train.txt',
        val='test.txt',
        names=dict(enumerate(names)),
    )
    path = work_dir / 'data.yaml'
    path.write_text(json.dumps(config))  # JSON is YAML
    return path


def train(
    args: argparse.Namespace, work_dir: Path, data: Path, **settings: float
) -> Path:
    """Train, or go on; the last weights, since nothing is chosen on the test set."""
    from yolo_trainer import YOLO, BFloat16Trainer, Trainer

    weights = work_dir / 'train' / 'weights' / 'last.pt'
    done = work_dir / 'trained'
    if not done.exists():
        resume = weights.exists()
        YOLO(weights if resume else args.model).train(
            trainer=BFloat16Trainer if args.amp else Trainer,
            resume=resume,
            data=str(data),
            project=str(work_dir),
            name='train',
            exist_ok=True,
            epochs=args.epochs,
            batch=args.batch_size,
            nbs=args.batch_size,  # a step of the optimizer each batch
            imgsz=max(args.input_size),
            pretrained=False,
            amp=False,
            device='cpu',
            workers=1,
            seed=args.seed,
            close_mosaic=max(1, args.epochs // 5),
            val=False,
            plots=False,
            **settings,
        )
        done.touch()
    return weights


def _complexity(model, size: tuple[int, int]) -> dict[str, float]:
    info = get_model_complexity_info(
        model.model.float().eval(), (3, *size), show_table=False
    )
    return dict(multiply_adds=info['flops'], parameters=info['params'])


def _test(model, root: str, size: tuple[int, int]) -> dict[str, float]:
    """The class and the place of the surest box of each test image."""
    dataset = YOLORoIDataset(data_root=f'{root}/test', box_fraction=1.0)
    metric = RoILocalizationMetric()
    right = []
    for i in track(range(len(dataset)), 'testing'):
        info = dataset.get_data_info(i)
        found = model.predict(
            info['img_path'], imgsz=list(size), conf=0.001, verbose=False
        )
        boxes = found[0].boxes
        if not len(boxes):
            right.append(False)
            continue
        best = int(boxes.conf.argmax())
        right.append(int(boxes.cls[best]) == info['gt_label'])
        sample = dict(
            gt_bboxes=info['gt_bboxes'],
            pred_roi=_widen(boxes.xyxy[best].numpy()),
            ori_shape=found[0].orig_shape,
        )
        metric.process({}, [sample])
    return dict(accuracy=100 * float(np.mean(right)), images=len(right)) | (
        metric.compute_metrics(metric.results)
    )


def _widen(box: np.ndarray, size: tuple[int, int] = (48, 80)) -> np.ndarray:
    """A-CNN's region of 48x80 px round the box's centre: the same hits count."""
    centre = (box[:2] + box[2:]) / 2
    half = np.array(size[::-1]) / 2
    return np.concatenate([centre - half, centre + half])


if __name__ == '__main__':
    run_tool(main)
