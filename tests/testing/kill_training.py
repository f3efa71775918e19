# Copyright (c) mmacnn authors. All rights reserved.
"""Kill trainings again and again, resume them, and compare with an uninterrupted one.

    python tests/testing/kill_training.py CONFIG FOLDER --kills 20 --seed 0

Each attempt is a process of its own that runs ``tools/train.py CONFIG --resume``; it is
forked from this one, so that nothing is imported anew. It is killed

- by SIGKILL after a random time, or
- by SIGKILL at a random one of its changes to the work dir: a file opened to be
  written, renamed or removed, a folder made or removed; or
- by the kernel in the middle of a write, at a random size of a file.

After each kill all checkpoints must be complete, and there must be one if there was one
before. A training that reached its end must have the files, weights, optimizer and
metrics of the uninterrupted one; then the next one starts.

Exit status: 0 if so, 1 with one line that says what was found.
"""

import argparse
import glob
import importlib
import json
import os
import os.path as osp
import pkgutil
import random
import resource
import runpy
import shutil
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

import torch

import mmacnn
from mmacnn.engine.config import load_config

TRAIN = Path(__file__).parents[2] / 'tools' / 'train.py'
CHANGES = {'open', 'os.rename', 'os.remove', 'os.mkdir', 'os.rmdir', 'shutil.rmtree'}
WAYS = ('time', 'change', 'write')


def attempt(config, work_dir, log, way='', amount=0.0):
    """Run the training in a process that dies as told.

    Returns:
        How the process ended: 0 at the end of the training, else -signal.
    """
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        status = 1
        try:
            _be_a_training(config, work_dir, log, way, amount)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    if way == 'time':
        time.sleep(amount)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _be_a_training(config, work_dir, log, way, amount):
    with open(log, 'a') as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if way == 'change':
        _die_at_change(work_dir, amount)
    elif way == 'write':
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(amount), int(amount)))
    sys.argv = [str(TRAIN), config, '--work-dir', work_dir, '--resume', 'auto']
    runpy.run_path(str(TRAIN), run_name='__main__')
    sys.stdout.flush()


def _die_at_change(work_dir, number):
    left = int(number)

    def watch(event, arguments):
        nonlocal left
        if event not in CHANGES or work_dir not in map(_folder_of, arguments):
            return
        if event == 'open' and arguments[1] in ('r', 'rb', None):
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def _folder_of(argument):
        if not isinstance(argument, str):
            return None
        inside = osp.abspath(argument).startswith(osp.join(work_dir, ''))
        return work_dir if inside else None

    sys.addaudithook(watch)


def checkpoints(work_dir):
    """Of each checkpoint in a folder its content, by its name.

    Raises:
        Exception: One is torn.
    """
    paths = sorted(glob.glob(osp.join(glob.escape(work_dir), '*.pth')))
    return {
        osp.basename(path): torch.load(path, map_location='cpu', weights_only=False)
        for path in paths
    }


def outcome(work_dir):
    """What two trainings must have in common at their ends, whatever came between."""
    found = checkpoints(work_dir)
    hidden = [name for name in os.listdir(work_dir) if name.startswith('.')]
    return dict(
        files=sorted(found),
        unfinished=hidden,
        last=osp.basename(Path(work_dir, 'last_checkpoint').read_text()),
        metrics=_last_metrics(work_dir),
        checkpoints={name: _comparable(each) for name, each in found.items()},
    )


def _comparable(checkpoint):
    known = checkpoint['message_hub']['runtime_info']
    kept = {
        key: checkpoint[key]
        for key in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers')
        if key in checkpoint
    }
    kept['place'] = [checkpoint['meta'][key] for key in ('epoch', 'iter', 'seed')]
    kept['best'] = known.get('best_score'), osp.basename(known.get('best_ckpt') or '')
    return kept


def _last_metrics(work_dir):
    """The numbers of the last validation, by name."""
    found = {}
    logs = glob.glob(osp.join(glob.escape(work_dir), '*', 'vis_data', 'scalars.json'))
    for path in sorted(logs, key=os.path.getmtime):
        for line in Path(path).read_text().splitlines():
            with suppress(ValueError):  # of the moment of a kill
                entry = json.loads(line)
                if 'loss' not in entry:
                    found = entry
    return {key: value for key, value in found.items() if 'time' not in key}


def difference(ours, theirs, where=''):
    """Where two outcomes differ, '' if nowhere; tensors to the last bit."""
    if type(ours) is not type(theirs):
        return f'{where}: {type(ours).__name__} for {type(theirs).__name__}'
    if isinstance(ours, torch.Tensor):
        return '' if torch.equal(ours, theirs) else f'{where}: other numbers'
    if isinstance(ours, dict):
        if list(ours) != list(theirs):
            return f'{where}: {sorted(ours)} for {sorted(theirs)}'
        pairs = [(key, ours[key], theirs[key]) for key in ours]
    elif isinstance(ours, list | tuple) and len(ours) == len(theirs):
        pairs = [(i, *each) for i, each in enumerate(zip(ours, theirs, strict=True))]
    else:
        return '' if ours == theirs else f'{where}: {ours!r} for {theirs!r}'
    found = (difference(a, b, f'{where}/{key}') for key, a, b in pairs)
    return next(filter(None, found), '')


class Ordeal:
    """Kills trainings of one config and looks at what is left.

    Args:
        config: Config file.
        folder: For the trainings; must be new.
        seed: Of the moments of the kills.
    """

    def __init__(self, config, folder, seed):
        self.config, self.folder = config, osp.abspath(folder)
        self.random = random.Random(seed)
        self.log = osp.join(self.folder, 'log.txt')
        os.makedirs(self.folder)
        uninterrupted = osp.join(self.folder, 'uninterrupted')
        start = time.monotonic()
        self._end_uninterrupted(uninterrupted)
        self.seconds = time.monotonic() - start
        self.expected = outcome(uninterrupted)
        files = Path(uninterrupted).glob('*.pth')
        self.bytes = max(path.stat().st_size for path in files)
        epochs = self.expected['checkpoints'][self.expected['last']]['place'][0]
        self.changes = 24 * epochs
        print(f'uninterrupted: {self.seconds:.1f} s, {self.bytes} bytes a checkpoint')

    def _end_uninterrupted(self, work_dir):
        status = attempt(self.config, work_dir, self.log)
        if status:
            raise SystemExit(f'status {status} without a kill, see {self.log}')

    def run(self, kills):
        """Kill so many times, in as many trainings as that takes."""
        number = trainings = 0
        while number < kills:
            trainings += 1
            work_dir = osp.join(self.folder, f'training_{trainings}')
            status = -1
            while status and number < kills:
                status = self.kill(work_dir, number + 1)
                number += status != 0
            if status:
                self._end_uninterrupted(work_dir)
            problem = difference(outcome(work_dir), self.expected)
            if problem:
                raise SystemExit(f'{work_dir}, resumed to its end: {problem}')
            print(f'training {trainings}: ended as the uninterrupted one')
            shutil.rmtree(work_dir)

    def kill(self, work_dir, number):
        """Kill once; return 0 if the training had ended before."""
        had = self._check_complete(work_dir)
        way = WAYS[number % len(WAYS)]
        low, high = dict(
            time=(0.3 * self.seconds, self.seconds),  # after the start, which is safe
            change=(1, self.changes),
            write=(0.3 * self.bytes, self.bytes),
        )[way]
        amount = self.random.uniform(low, high)
        status = attempt(self.config, work_dir, self.log, way, amount)
        if way == 'time' and not status and not had:
            self.seconds *= 0.8  # the machine is faster than when this was measured
        what = f'kill {number}' if status else 'had ended before'
        print(f'{what}: {way} {amount:.2f}, status {status}')
        if status not in (0, -signal.SIGKILL, -signal.SIGXFSZ):
            raise SystemExit(f'{work_dir}: status {status}, see {self.log}')
        has = self._check_complete(work_dir)
        if had and not has:
            raise SystemExit(f'{work_dir}: the kill left no checkpoint of {had}')
        return status

    def _check_complete(self, work_dir):
        try:
            return [name for name in checkpoints(work_dir) if not name.startswith('b')]
        except Exception as error:
            raise SystemExit(f'{work_dir}: a torn checkpoint: {error}') from error


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\n')[0])
    parser.add_argument('config')
    parser.add_argument('folder', help='new folder for the trainings')
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    # What a training needs, once for all that are forked.
    config = load_config(args.config)
    config.pretty_text  # noqa: B018 the formatter's own start takes a second
    for module in pkgutil.walk_packages(mmacnn.__path__, 'mmacnn.'):
        if not module.name.startswith(('mmacnn.deploy', 'mmacnn.__main__')):
            importlib.import_module(module.name)
    for part in ('models', 'datasets', 'engine', 'evaluation', 'visualization'):
        importlib.import_module(f'{config.default_scope}.{part}')
    print(f'{args.kills} kills, seed {args.seed}')
    Ordeal(osp.abspath(args.config), args.folder, args.seed).run(args.kills)


if __name__ == '__main__':
    main()
