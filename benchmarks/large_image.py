# Copyright (c) mmacnn authors. All rights reserved.
"""Small defects on a large image: does looking at it in tiles find what tiles alone do?

Plates of generated metal or cloth with pits and dents of 8 to 12 px. Each defect is
looked for in the tile in which it lies farthest from the edge, as an image of its own,
and on the whole plate by ``Inspector(tile=...)``, whose memory is compared with that of
one tile in processes of their own.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from mmacnn.cli import image_size, int_at_least
from mmacnn.inference import Inspector
from mmacnn.line.tiles import tile_windows
from mmacnn.synthetic.camera.optics import lens
from mmacnn.synthetic.camera.sensor import develop
from mmacnn.synthetic.flat.clutter import add_clutter
from mmacnn.synthetic.flat.defects import apply_damage, make_damage
from mmacnn.synthetic.flat.materials import make_sheet
from mmacnn.synthetic.flat.relief import light_sheet
from mmacnn.synthetic.tasks.surface_defects import DEVICES
from mmacnn.utils import run_tool, track
from mmacnn.utils.text import markdown_table

KINDS = ('pit', 'dent')
SIDES = 8, 12  # Of a defect's box, shortest and longest, in pixels.
COVERED = 0.4  # From which a pixel belongs to a defect, as in the training data.
APART = 48  # Pixels between two defects, at least.
SAME = 0.3  # IoU from which a defect is found.
PEAK = '--peak'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='of a detector')
    parser.add_argument('weights')
    parser.add_argument('--size', type=image_size, default=(3840, 5120))
    parser.add_argument('--defects', type=int_at_least(1), default=40)
    parser.add_argument('--plates', type=int_at_least(1), default=3)
    parser.add_argument('--tile', type=int_at_least(32), default=320)
    parser.add_argument('--overlap', type=float, default=0.2)
    parser.add_argument(PEAK, help=argparse.SUPPRESS)
    return parser.parse_args()


def make_plate(
    seed: int, size: tuple[int, int], count: int
) -> tuple[np.ndarray, np.ndarray]:
    """A photograph (H, W, 3), and the boxes (N, 4) of its defects."""
    rng = np.random.default_rng(seed)
    style = DEVICES['train']
    sheet = make_sheet(rng, style.materials[seed % len(style.materials)], size)
    add_clutter(rng, sheet)
    boxes: list[np.ndarray] = []
    while len(boxes) < count:
        damage = make_damage(rng, KINDS[len(boxes) % len(KINDS)], sheet)
        spans = [np.flatnonzero((damage.cover > COVERED).any(axis)) for axis in (0, 1)]
        if not all(
            SIDES[0] <= np.ptp(s) + 1 <= SIDES[1] if len(s) else 0 for s in spans
        ):
            continue
        room = np.array(size[::-1]) - damage.cover.shape[::-1]
        corner = rng.integers(0, room)
        low = corner + [s[0] for s in spans]
        box = np.concatenate((low, corner + [s[-1] + 1 for s in spans]))
        if all(np.abs(box[:2] - other[:2]).max() > APART for other in boxes):
            apply_damage(sheet, damage, tuple(corner), rng.uniform(*style.contrast))
            boxes.append(box)
    image = light_sheet(rng, sheet, style)
    image = lens(rng, image, rng.uniform(*style.blur), rng.uniform(*style.motion))
    return develop(rng, image, style), np.array(boxes)


def found_in(image: np.ndarray, inspector: Inspector) -> np.ndarray:
    """Boxes (N, 4) of the detections."""
    (result,) = inspector(image)
    return np.array([d.box for d in result.detections]).reshape(-1, 4)


def matches(defects: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Which of the boxes are at which of the defects, (defects, boxes) bool."""
    low = np.maximum(defects[:, None, :2], boxes[None, :, :2])
    high = np.minimum(defects[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [(b[:, 2:] - b[:, :2]).prod(1) for b in (defects, boxes)]
    return shared >= SAME * (areas[0][:, None] + areas[1][None] - shared)


def innermost(box: np.ndarray, windows: np.ndarray) -> int:
    """Number of the tile in which a box is farthest from the edge."""
    inside = np.minimum(box[:2] - windows[:, :2], windows[:, 2:] - box[2:])
    return int(inside.min(1).argmax())


def peak(args: argparse.Namespace, path: Path) -> float:
    """Largest memory of a process that looks at an image, in MB."""
    command = [sys.executable, *sys.argv, PEAK, str(path)]
    return int(subprocess.check_output(command, text=True).split()[-1]) / 1024


def main() -> None:
    args = parse_args()
    tiled = Inspector(
        args.config, args.weights, 'cpu', tile=args.tile, overlap=args.overlap
    )
    if args.peak:
        tiled(args.peak)
        # Of this program alone: getrusage counts the one that started it too.
        print(re.search(r'VmHWM:\s+(\d+)', Path('/proc/self/status').read_text())[1])
        return
    alone = Inspector(args.config, args.weights, 'cpu')
    windows = np.array(tile_windows(args.size, args.tile, args.overlap))
    rows, plate = [], None
    for seed in range(args.plates):
        plate, defects = make_plate(seed, args.size, args.defects)
        hit = np.zeros(len(defects), bool)
        for i, box in enumerate(track(defects, f'plate {seed}')):
            x, y, right, bottom = windows[innermost(box, windows)]
            boxes = found_in(plate[y:bottom, x:right].copy(), alone)
            hit[i] = matches(box[None], boxes + [x, y, x, y]).any()
        boxes = found_in(plate, tiled)
        same = matches(defects, boxes)
        false = int((~same.any(0)).sum())
        rows.append([seed, len(defects), hit.sum(), same.any(1).sum(), false])
    total = np.sum([row[1:] for row in rows], 0)
    rows.append(['all', *total])
    header = ['plate', 'defects', 'found in tiles', 'found on the plate', 'elsewhere']
    print(markdown_table(header, rows))
    print(f'recall on the plate / in tiles: {total[2] / max(1, total[1]):.3f}')
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, 'tile.png'), Path(folder, 'plate.png')
        cv2.imwrite(str(paths[0]), plate[: args.tile, : args.tile])
        cv2.imwrite(str(paths[1]), plate)
        tile, whole = (peak(args, path) for path in paths)
    print(f'peak memory: {tile:.0f} MB of a tile, {whole:.0f} MB of the plate')
    print(f'ratio: {whole / tile:.2f}')


if __name__ == '__main__':
    run_tool(main)
