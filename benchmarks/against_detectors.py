# Copyright (c) mmacnn authors. All rights reserved.
"""Accuracy, size and latency of exported models on the same photographs.

Each model runs in ONNX Runtime on the CPU with one thread, from the file of a
photograph to the class, and they run interleaved.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np
from onnx_complexity import count_complexity

from mmacnn.benchmark.timed_models import TimedFolder, TimedOnnx
from mmacnn.cli import image_size, int_at_least
from mmacnn.datasets import YOLORoIDataset
from mmacnn.evaluation import RoILocalizationMetric
from mmacnn.utils import run_tool, track
from mmacnn.utils.text import markdown_table

SCORE_THR, IOU_THR = 0.001, 0.7  # the surest box is wanted, however unsure
ROI = (48, 80)  # (height, width) of A-CNN's region, in pixels


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data_root', help='folder with images/ and labels/')
    parser.add_argument(
        '--model',
        action='append',
        required=True,
        metavar='NAME=SOURCE',
        help='folder that tools/deploy.py wrote, or the ONNX file that '
        'benchmarks/train_yolo.py wrote; the first is compared with',
    )
    parser.add_argument('--input-size', type=image_size, default='480x640')
    parser.add_argument('--rounds', type=int_at_least(1), default=200)
    return parser.parse_args()


class Found(NamedTuple):
    """The class of a photograph, and the region that decided it, if one did."""

    label: int | None
    roi: np.ndarray | None  # xyxy, pixels


class Exported:
    """A model folder of ``tools/deploy.py``."""

    def __init__(self, source: str) -> None:
        self.model = TimedFolder(source, num_threads=1)
        self.onnx_file = str(Path(source, 'end2end.onnx'))
        self.input_size = self.model.input['size']

    def __call__(self, image: np.ndarray) -> Found:
        self.model([image])
        result = self.model.results[0]
        return Found(result['label'], result.get('roi'))


class Detector:
    """A detector of ultralytics: (1, 4 + classes, boxes), then what its users do."""

    def __init__(self, source: str, input_size: tuple[int, int]) -> None:
        self.model = TimedOnnx(source, 1, input_size)
        self.onnx_file = source
        self.input_size = self.model.input_size

    def __call__(self, image: np.ndarray) -> Found:
        self.model([image])
        output = self.model.outputs[0][0]
        scores = output[4:].max(0)
        sure = np.flatnonzero(scores > SCORE_THR)
        boxes, scores = output[:4, sure].T, scores[sure]
        corner = boxes[:, :2] - boxes[:, 2:] / 2
        boxes = np.concatenate([corner, boxes[:, 2:]], 1)
        kept = cv2.dnn.NMSBoxes(boxes, scores, SCORE_THR, IOU_THR)
        if not len(kept):
            return Found(None, None)
        best = max(kept, key=scores.__getitem__)
        height, width = self.input_size
        scale = np.array(image.shape[1::-1]) / (width, height)
        centre = (boxes[best, :2] + boxes[best, 2:] / 2) * scale
        half = np.array(ROI[::-1]) / 2
        roi = np.concatenate([centre - half, centre + half])
        return Found(int(output[4:, sure[best]].argmax()), roi)


def main() -> None:
    args = parse_args()
    cv2.setNumThreads(1)
    models = {}
    for each in args.model:
        name, _, source = each.partition('=')
        is_file = source.endswith('.onnx')
        models[name] = (
            Detector(source, args.input_size) if is_file else Exported(source)
        )
    dataset = YOLORoIDataset(data_root=args.data_root, test_mode=True)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    rows, reference = [], None
    times = time_by_turns(models, [info['img_path'] for info in infos], args.rounds)
    for name, model in models.items():
        decode, predict = np.array(times[name]).T
        reference = reference or (median(predict), median(decode + predict))
        accuracy, hits = measure_accuracy(model, infos, name)
        multiply_adds, parameters = count_complexity(model.onnx_file, model.input_size)
        rows.append(
            [
                name,
                f'{accuracy:.2f}',
                '-' if hits is None else f'{hits:.2f}',
                f'{parameters / 1e6:.2f}',
                f'{multiply_adds / 1e9:.3f}',
                f'{1000 * median(predict):.2f}',
                f'{median(predict) / reference[0]:.1f}',
                f'{1000 * median(decode + predict):.2f}',
                f'{median(decode + predict) / reference[1]:.1f}',
            ]
        )
    header = 'model|accuracy, %|hit rate, %|parameters, M|multiply-adds, G'
    header += '|frame to class, ms|times|file to class, ms|times'
    print(markdown_table(header.split('|'), rows))


def time_by_turns(
    models: dict, paths: Sequence[str], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Seconds to read the file, and from there to the class, in each round."""
    times = {name: [] for name in models}
    names = list(models)
    for turn in track(range(5 + rounds), 'timing'):
        path, first = paths[turn % len(paths)], turn % len(names)
        for name in names[first:] + names[:first]:
            start = perf_counter()
            image = cv2.imread(path)
            decoded = perf_counter()
            models[name](image)
            end = perf_counter()
            if turn >= 5:  # the first ones warm up
                times[name].append((decoded - start, end - decoded))
    return times


def measure_accuracy(
    model: Exported | Detector, infos: Sequence[dict], name: str
) -> tuple[float, float | None]:
    """Accuracy, and the hit rate of the regions, in %."""
    metric, right = RoILocalizationMetric(), 0
    for info in track(infos, name):
        image = cv2.imread(info['img_path'])
        found = model(image)
        right += found.label == info['gt_label']
        if found.roi is None:
            metric.results.append({})
            continue
        sample = dict(
            gt_bboxes=info['gt_bboxes'], pred_roi=found.roi, ori_shape=image.shape
        )
        metric.process({}, [sample])
    hits = [record['hit'] for record in metric.results if record]
    # An image without any box is a miss.
    hit_rate = 100 * sum(hits) / len(infos) if hits else None
    return 100 * right / len(infos), hit_rate


if __name__ == '__main__':
    run_tool(main)
