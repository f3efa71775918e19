# Copyright (c) mmacnn authors. All rights reserved.
"""The web service under load, beside the plain model.

    python benchmarks/serve_load.py

The service runs A-CNN in a process of its own; this process sends JPEG files of 640x480
pixels, one at a time and 200 at a time, and between them runs the Inspector on the same
files. In the last case there are clients that send nothing more after their first byte,
and each tenth file is damaged: the times are of the others. All of it runs on one
machine, so that sending takes time from the model. CPU time is of the process with the
model, and does not depend on what else runs.

Needs requirements/serve.txt and httpx.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import httpx
import numpy as np
import psutil

from mmacnn.cli import int_at_least
from mmacnn.inference import Inspector
from mmacnn.synthetic import TASKS, write_dataset
from mmacnn.utils import run_tool
from mmacnn.utils.text import markdown_table

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / 'configs/acnn/acnn-opt_strided_8e_synthetic-product-code.py'
WEIGHTS = ROOT / 'demo/acnn-opt_synthetic-product-code.pth'
IMAGES, SIZE, BATCH, IN_FLIGHT, SLOW = 20, (480, 640), 8, 200, 20
UPLOAD_SECONDS = 5
CASES = (
    'Inspector, one image',
    f'Inspector, batches of {BATCH}',
    'service, 1 request in flight',
    f'service, {IN_FLIGHT} in flight',
    f'the same, with {SLOW} slow clients and damaged files',
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int_at_least(1), default=5)
    parser.add_argument(
        '--requests', type=int_at_least(1), default=2 * IN_FLIGHT, help='of a case'
    )
    return parser.parse_args()


class Plain:
    """Decodes and predicts in this process.

    Args:
        files: Contents of the image files.
    """

    def __init__(self, files: list[bytes]) -> None:
        self.inspector = Inspector(str(CONFIG), str(WEIGHTS), device='cpu')
        self.files = files

    def run(self, batch: int, count: int) -> tuple[list[float], float]:
        """Seconds of each image, which are those of its batch, and of all."""
        seconds, total = [], 0.0
        for start in range(0, count, batch):
            begin = time.perf_counter()
            images = [
                cv2.imdecode(np.frombuffer(self.files[i % IMAGES], np.uint8), 1)
                for i in range(start, min(start + batch, count))
            ]
            for _ in self.inspector(images, batch_size=batch):
                pass
            took = time.perf_counter() - begin
            seconds += [took] * len(images)
            total += took
        return seconds, total


class Load:
    """Sends files.

    Args:
        url: Of the service.
        files: Contents of the image files.
    """

    def __init__(self, url: str, files: list[bytes]) -> None:
        self.url, self.files, self.codes = url, files, Counter()

    async def run(
        self, in_flight: int, count: int, damage: bool = False
    ) -> tuple[list[float], float]:
        """Seconds of each answer with a result, and of all."""
        seconds, numbers = [], iter(range(count))
        limits = httpx.Limits(max_connections=in_flight)
        async with httpx.AsyncClient(limits=limits, timeout=120) as client:

            async def send() -> None:
                for number in numbers:
                    content = self.files[number % IMAGES]
                    is_damaged = damage and number % 10 == 0
                    if is_damaged:
                        content = content[: len(content) // 2]
                    begin = time.perf_counter()
                    answer = await client.post(f'{self.url}inspect', content=content)
                    if not is_damaged:
                        seconds.append(time.perf_counter() - begin)
                    self.codes[answer.status_code] += 1

            start = time.perf_counter()
            await asyncio.gather(*(send() for _ in range(in_flight)))
            return seconds, time.perf_counter() - start

    async def run_among_bad_clients(self, count: int) -> tuple[list[float], float]:
        """As ``run``, beside clients that do not finish."""
        slow = [asyncio.ensure_future(self._stall()) for _ in range(SLOW)]
        found = await self.run(IN_FLIGHT, count, damage=True)
        for answer in await asyncio.gather(*slow):
            self.codes[answer] += 1
        return found

    async def _stall(self) -> int:
        """The status that a client gets which stops after a byte."""
        address = httpx.URL(self.url)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(
            b'POST /inspect HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\na'
        )
        line = await asyncio.wait_for(reader.readline(), 60)
        writer.close()
        return int(line.split()[1])


def serve() -> tuple[subprocess.Popen, str]:
    """A service in another process, and its URL."""
    command = [
        *(sys.executable, '-m', 'mmacnn', 'serve', CONFIG, '--weights', WEIGHTS),
        *('--device', 'cpu', '--port', 0, '--batch-size', BATCH),
        *('--queue', 2 * IN_FLIGHT, '--upload-seconds', UPLOAD_SECONDS),
    ]
    process = subprocess.Popen(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'),
    )
    url = process.stdout.readline().strip()
    if not url:
        raise RuntimeError(f'serve: ended with {process.wait()}')
    return process, url


def make_files(folder: str) -> list[bytes]:
    """Contents of image files."""
    task = TASKS['product-code']
    write_dataset(task, folder, dict(train=1, test=IMAGES), SIZE, seed=0)
    return [path.read_bytes() for path in sorted(Path(folder).glob('test/images/*'))]


def measure(
    cases: dict[str, tuple[Callable[[], tuple[list[float], float]], psutil.Process]],
    rounds: int,
) -> list[list[str]]:
    """A row a case: images a second, seconds and CPU time of an image.

    Args:
        cases: What returns the seconds of each image and of all, and which process has
            the model.
        rounds: The cases take turns.
    """
    speeds, seconds, cpu = ({name: [] for name in cases} for _ in range(3))
    for _ in range(rounds):
        for name, (run, process) in cases.items():
            before = sum(process.cpu_times()[:2])
            found, elapsed = run()
            cpu[name].append((sum(process.cpu_times()[:2]) - before) / len(found))
            speeds[name].append(len(found) / elapsed)
            seconds[name] += found
    rows = []
    for name in cases:
        speed = speeds[name]
        times = [np.percentile(seconds[name], 50), np.percentile(seconds[name], 99)]
        times = [f'{1e3 * each:.0f}' for each in (*times, median(cpu[name]))]
        spread = f'{median(speed):.1f} ({min(speed):.1f} to {max(speed):.1f})'
        rows.append([name, spread, *times])
    return rows


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(folder)
    plain = Plain(files)
    process, url = serve()
    try:
        load, count = Load(url, files), args.requests
        here, there = psutil.Process(), psutil.Process(process.pid)
        runs = [
            (lambda: plain.run(1, count), here),
            (lambda: plain.run(BATCH, count), here),
            (lambda: asyncio.run(load.run(1, count)), there),
            (lambda: asyncio.run(load.run(IN_FLIGHT, count)), there),
            (lambda: asyncio.run(load.run_among_bad_clients(count)), there),
        ]
        plain.run(BATCH, IMAGES)  # the first images are slower
        asyncio.run(load.run(BATCH, IMAGES))
        load.codes.clear()
        rows = measure(dict(zip(CASES, runs, strict=True)), args.rounds)
    finally:
        process.terminate()
        process.wait(30)
    header = [
        '',
        'images a second (least to most)',
        'p50 ms',
        'p99 ms',
        'CPU ms an image',
    ]
    print(markdown_table(header, rows))
    codes = ', '.join(
        f'{count} of {code}' for code, count in sorted(load.codes.items())
    )
    print(f'\nanswers of the service: {codes}')


if __name__ == '__main__':
    run_tool(main)
