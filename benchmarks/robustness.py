# Copyright (c) mmacnn authors. All rights reserved.
"""What A-CNN still reads of photographs that are turned, shrunk, blurred, ...

The object stays in the picture. The table is in configs/acnn/README.md.
"""

import argparse
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from mmacnn.datasets.transforms.affine import affine_matrix, warp_boxes, warp_image
from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector
from mmacnn.registry import DATASETS
from mmacnn.utils import run_tool

Change = Callable[[np.ndarray], np.ndarray]
PLACES = [(x, y) for x in (0.1, 0.3, 0.5, 0.7, 0.9) for y in (0.1, 0.5, 0.9)]


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config')
    parser.add_argument('weights')
    parser.add_argument(
        '--photographs',
        metavar='CONFIG',
        help='config with the photographs to read, of its test (those of the first)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    inspector = Inspector(args.config, args.weights)
    cfg = load_config(args.photographs or args.config)
    dataset = DATASETS.build(cfg.test_dataloader.dataset | dict(pipeline=[]))
    photographs = [
        (cv2.imread(info['img_path']), info['gt_bboxes'][0], info['gt_label'])
        for info in map(dataset.get_data_info, range(len(dataset)))
    ]
    table = '| change | read | code in the ROI |\n|---|---|---|'
    for name, versions in changes(photographs).items():
        images, boxes, labels = zip(*versions, strict=True)
        results = list(inspector(list(images), batch_size=8))
        answers = list(zip(results, boxes, labels, strict=True))
        read = sum(result.label == label for result, _, label in answers)
        held = sum(_holds(result, box) for result, box, _ in answers)
        table += f'\n| {name} | {read} of {len(answers)} | {held} of {len(answers)} |'
    print(table)


def changes(photographs: list) -> dict[str, Iterator]:
    """Name of each change -> (image, box, label) of the changed photographs."""
    rng = np.random.default_rng(0)

    def geometry(*settings: dict) -> Iterator:
        for image, box, label in photographs:
            for setting in settings:
                yield *_move(image, box, **setting), label

    def values(change: Change) -> Iterator:
        for image, box, label in photographs:
            changed = change(image.astype(np.float32))
            yield np.clip(changed, 0, 255).astype(np.uint8), box, label

    def noise(image: np.ndarray) -> np.ndarray:
        return image + rng.normal(0, 25, image.shape)

    def grey(image: np.ndarray) -> np.ndarray:
        return np.repeat(image.mean(2, keepdims=True), 3, 2)

    def blur(sigma: float) -> Change:
        return lambda image: cv2.GaussianBlur(image, (0, 0), sigma)

    def jpeg(quality: int) -> Change:
        settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
        return lambda image: cv2.imdecode(
            cv2.imencode('.jpg', image.astype(np.uint8), settings)[1], cv2.IMREAD_COLOR
        )

    turns = {
        f'turned by up to {most} degrees, in steps of 5': geometry(
            *(dict(rotate=angle) for angle in range(-most, most + 1, 5))
        )
        for most in (15, 30, 180)
    }
    scales = {
        f'scale {scale}': geometry(dict(scale=scale)) for scale in (0.6, 0.8, 1.3, 1.6)
    }
    return {
        'none': geometry({}),
        **turns,
        **scales,
        'moved to 15 places': geometry(*(dict(place=place) for place in PLACES)),
        **{f'blur {sigma}': values(blur(sigma)) for sigma in (1.0, 1.5, 2.0, 2.5)},
        **{f'JPEG {quality}': values(jpeg(quality)) for quality in (20, 8)},
        'brightness x0.6': values(lambda image: image * 0.6),
        'brightness x1.5': values(lambda image: image * 1.5),
        'noise 25': values(noise),
        'grey': values(grey),
        'blue x1.4, red x0.7': values(lambda image: image * (1.4, 1.0, 0.7)),
    }


def _move(
    image: np.ndarray,
    box: np.ndarray,
    rotate: float = 0.0,
    scale: float = 1.0,
    place: tuple[float, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Turn and scale about the box, which goes to ``place`` of where it is inside."""
    size = np.array(image.shape[1::-1])
    matrix = affine_matrix(image.shape[:2], scale, rotate, shear=0.0)
    warped = warp_boxes(box[None], matrix)[0].reshape(2, 2)
    extent = warped[1] - warped[0]
    corner = (box[:2] + box[2:] - extent) / 2
    if place is not None:
        corner = np.array(place) * (size - extent)
    corner = corner.clip(0, size - extent)
    matrix[:, 2] += corner - warped[0]
    moved = warp_image(image, matrix, borderMode=cv2.BORDER_REPLICATE)
    return moved, np.concatenate((corner, corner + extent))


def _holds(result, box: np.ndarray) -> bool:
    """Whether the ROI holds the middle of the box."""
    x0, y0, x1, y1 = result.roi
    corners = result.corners or ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    contour = np.float32(corners).reshape(-1, 1, 2)
    middle = (box[:2] + box[2:]) / 2
    return cv2.pointPolygonTest(contour, middle.tolist(), False) >= 0


if __name__ == '__main__':
    run_tool(main)
