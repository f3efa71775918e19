# Copyright (c) mmacnn authors. All rights reserved.
"""What must work on a GPU, in one command that downloads nothing.

Every method trains with --amp on generated images, is tested, compiled and compared
with the CPU, and its exports run in ONNX Runtime's CUDA provider and as TensorRT
engines. What lacks its hardware or its library is skipped, with the reason. Exit status
1 if a part failed.
"""

import argparse
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from gpu_job import Job, Skipped
from mmengine.registry import DefaultScope
from training_throughput import METHODS

from mmacnn import apis
from mmacnn.cli import int_at_least
from mmacnn.deploy.verification import compare
from mmacnn.utils import InputError, run_tool
from mmacnn.utils.text import markdown_table

ROOT = Path(__file__).parents[1]
ROUNDS = 20  # timed calls
CUDA = 'CUDAExecutionProvider'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument(
        '--device',
        choices=['cuda', 'cpu'],
        default='cuda',
        help='cpu runs what can run without a GPU, to try this script (cuda)',
    )
    parser.add_argument(
        '--images',
        type=int_at_least(8),
        default=64,
        help='to train on, and half as many to test on (64)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if (args.device == 'cuda') != torch.cuda.is_available():
        raise InputError(
            '--device: PyTorch finds no GPU here, expected cpu'
            if args.device == 'cuda'
            else '--device cpu: found a GPU, expected CUDA_VISIBLE_DEVICES= to hide it'
        )
    torch.backends.cudnn.allow_tf32 = False  # compared with the CPU in float32
    rows = [['operators', *run_part(same_operators, args.device)]]
    with tempfile.TemporaryDirectory() as folder:
        for name in args.methods:
            # --cfg-options takes no spaces.
            place = Path(folder, name.replace(' ', '-'))
            job = Job(name, place, args.device, args.images)
            rows += [[name, *run_part(part, job)] for part in PARTS]
    print(f'\n{machine(args.device)}\n')
    print(markdown_table(['', 'part', 'result'], rows))
    if any(result.startswith('FAILED') for *_, result in rows):
        sys.exit(1)


def machine(device: str) -> str:
    """The GPU and the versions, for the table."""
    name = torch.cuda.get_device_name() if device == 'cuda' else 'no GPU'
    return f'{name}, PyTorch {torch.__version__}, Python {sys.version.split()[0]}'


def run_part(part: Callable, argument: object) -> tuple[str, str]:
    """The part's name, and what it said, why it was skipped or how it failed."""
    name = part.__name__.replace('_', ' ')
    try:
        result = part(argument)
    except Skipped as reason:
        result = f'skipped: {reason}'
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        lines = str(error).strip().splitlines() or ['']
        result = f'FAILED: {type(error).__name__}: {lines[0]}'
    print(f'{name}: {result}', flush=True)
    return name, result.replace('|', '/')


def same_operators(device: str) -> str:
    """NMS and RoIAlign, with its gradient, that stand in for mmcv's."""
    from mmcv.ops import nms, roi_align

    random = torch.Generator().manual_seed(0)
    corners, sides, scores = torch.rand(5, 400, generator=random).split((2, 2, 1))
    boxes = torch.cat([corners * 90, corners * 90 + 1 + sides * 30]).T.contiguous()
    features = torch.rand(2, 8, 32, 32, generator=random)
    rois = torch.cat([torch.arange(400)[:, None] % 2, boxes], 1)
    found = []
    for place in ('cpu', device):
        kept = nms(boxes.to(place), scores[0].to(place), 0.5)[1]
        leaf = features.to(place).requires_grad_()
        pooled = roi_align(leaf, rois.to(place), 7, 0.25, 0, 'avg', True)
        pooled.square().sum().backward()
        found.append([each.detach().cpu() for each in (kept, pooled, leaf.grad)])
    (kept, *values), (others, *other_values) = found
    if not torch.equal(kept, others):
        raise AssertionError('NMS keeps other boxes than on the CPU')
    for ours, theirs in zip(values, other_values, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    return f'{len(kept)} of 400 boxes kept, RoIAlign and its gradient as on the CPU'


def train_with_amp(job: Job) -> str:
    runner = job.train('run', amp=True)
    device = next(runner.model.parameters()).device
    return f'{runner.iter} steps on {device}, {type(runner.optim_wrapper).__name__}'


def test(job: Job) -> str:
    run = str(job.folder / 'run')
    metrics = apis.test(job.config, job.weights, run, cfg_options=dict(job.options))
    name, value = next(iter(metrics.items()))
    return f'{len(metrics)} metrics, {name} {value:.4g}'


def compare_with_the_cpu(job: Job) -> str:
    """The same checkpoint in float32 on both."""
    with DefaultScope.overwrite_default_scope(job.cfg.default_scope):
        found = compare(job.model('cpu'), job.model(job.device), job.cfg, job.images)
    if not found.compared:
        raise Skipped('found no certain detection to compare')
    beyond = found.beyond(dict(labels=0.99, score=1e-3, shift=0.1, map=1e-2))
    if beyond:
        raise AssertionError('; '.join(beyond))
    return str(found)


def train_compiled(job: Job) -> str:
    if job.device == 'cpu':
        raise Skipped('takes minutes on a CPU')
    return f'{job.train("compiled", compile=True).iter} steps compiled'


def train_on_two_GPUs(job: Job) -> str:
    if torch.cuda.device_count() < 2:
        raise Skipped(f'{torch.cuda.device_count()} GPUs here')
    options = [f'{key}={value}' for key, value in job.options.items()]
    command = [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2']
    command += [str(ROOT / 'tools/train.py'), job.config, '--launcher=pytorch', '--amp']
    command += [f'--work-dir={job.folder / "two"}', '--no-validate', '--cfg-options']
    subprocess.run([*command, *options], check=True)
    return 'trained together'


def ONNX_Runtime_CUDA(job: Job) -> str:
    """The export in the CUDA provider, beside the CPU's."""
    agreement = job.export(job.onnx, 'onnx')
    import cv2
    import onnxruntime

    from mmacnn.benchmark.timed_models import TimedFolder

    if job.device == 'cpu' or CUDA not in onnxruntime.get_available_providers():
        raise Skipped(f'no {CUDA}; on the CPU, {agreement}')
    model = TimedFolder(str(job.folder / 'onnx'), 0, job.size)
    path = str(next(job.folder.glob('onnx/*.onnx')))
    frame, times, results = cv2.imread(job.images[0]), [], []
    on_cuda = onnxruntime.InferenceSession(path, providers=[CUDA])
    for session in (model.session, on_cuda):
        model.session = session
        model([frame])
        times.append(1e3 * median(model([frame]).network for _ in range(ROUNDS)))
        results.append(comparable(model.results[0]))
    for name, value in results[0].items():
        np.testing.assert_allclose(results[1][name], value, rtol=1e-2, atol=1e-2)
    return f'as the CPU provider; {times[1]:.2f} ms, CPU {times[0]:.2f} ms'


def comparable(result: dict) -> dict:
    """Without the order of detections that are nearly as good as one another."""
    boxes = result.get('boxes')
    return result if boxes is None else dict(scores=np.sort(boxes[:, 4])[::-1][:10])


def TensorRT_fp16(job: Job) -> str:
    """The engine is built here, and compared with the checkpoint."""
    if job.tensorrt is None:
        raise Skipped('no deploy config; a detector takes its plug-ins of MMDeploy')
    target = job.folder / 'tensorrt.py'
    size = job.size[::-1]
    target.write_text(
        f'_base_ = {str(job.tensorrt)!r}\nir_config = dict(input_shape={size})\n'
    )
    agreement = job.export(target, 'tensorrt')
    if not list(job.folder.glob('tensorrt/*.engine')):
        raise Skipped(f'no TensorRT or no GPU; its ONNX file, {agreement}')
    return agreement


PARTS = (
    train_with_amp,
    test,
    compare_with_the_cpu,
    train_compiled,
    train_on_two_GPUs,
    ONNX_Runtime_CUDA,
    TensorRT_fp16,
)

if __name__ == '__main__':
    run_tool(main)
