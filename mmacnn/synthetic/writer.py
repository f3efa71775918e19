# Copyright (c) mmacnn authors. All rights reserved.
"""Write a generated data set: atomically, and the same for any worker count."""

import multiprocessing
import zlib
from functools import partial

import cv2
import numpy as np

from mmacnn.utils import InputError, atomic_folder, track

_ENCODING = {'.jpg': [cv2.IMWRITE_JPEG_QUALITY, 95], '.png': []}
_SMALLEST, _LARGEST = 96, 4096  # Sides of an image in pixels.


def sample_seeds(seed, split, index):
    """Seed of one image; depends on nothing but its arguments.

    Args:
        seed (int): the data set's.
        split (str): such as ``train``.
        index (int): of the image in its split.

    Returns:
        np.random.SeedSequence: to be spawned by whoever draws the image.
    """
    return np.random.SeedSequence([seed, zlib.crc32(split.encode()), index])


def sample_label(seed, split, index, num_labels):
    """Label of one image: every ``num_labels`` images hold each label once."""
    block, place = divmod(index, num_labels)
    # A second spawn key keeps the order's stream apart from the images' own.
    seeds = np.random.SeedSequence(
        [seed, zlib.crc32(split.encode()), block], spawn_key=(1,)
    )
    return int(np.random.default_rng(seeds).permutation(num_labels)[place])


def _write_sample(job, task, seed, size, root):
    """Draw one image and write it with its annotation.

    Args:
        job (tuple[str, int]): split and index.

    Returns:
        tuple: the job, and the record of the task's label format.
    """
    split, index = job
    cycle = task.cycles.get(split, range(len(task.classes)))
    label = cycle[sample_label(seed, split, index, len(cycle))]
    seeds = sample_seeds(seed, split, index)
    image, annotation = task.draw(seeds, label, size, task.devices[split])
    names = {'split': split, 'label': task.classes[label]}
    name = f'{split}_{index:06d}'
    path = root / task.labels.images.format(**names) / f'{name}{task.labels.suffix}'
    path.parent.mkdir(parents=True, exist_ok=True)
    # OpenCV's own writer gives no reason when it fails.
    suffix = task.labels.suffix
    path.write_bytes(cv2.imencode(suffix, image, _ENCODING[suffix])[1])
    folder = root / task.labels.annotations.format(**names)
    return job, task.labels.write(folder, name, annotation, size)


def _safe_context():
    """How workers are started.

    A plain fork would wait for ever for OpenCV's threads if this process has used them
    before. A fork server imports the package once for all workers.
    """
    if 'forkserver' not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context('spawn')
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([__name__])
    return context


def map_jobs(jobs, work, num_workers, what):
    """Do something for each job, with a progress bar.

    Args:
        jobs (Sequence): what there is to do.
        work (Callable): takes a job; for several processes it can be pickled.
        num_workers (int): processes.
        what (str): a word for the progress bar.

    Returns:
        list: what ``work`` gave, in the order in which it was done.
    """
    if num_workers == 1:
        return list(map(work, track(jobs, what)))
    with _safe_context().Pool(num_workers, cv2.setNumThreads, (1,)) as pool:
        done = pool.imap_unordered(work, jobs, chunksize=4)
        results = list(track(done, what, len(jobs)))
        pool.close()
        pool.join()
    return results


def write_dataset(task, out_dir, counts, size, seed, num_workers=1):
    """Generate a data set: a folder a split, and the names of the classes.

    Args:
        task (Task): what to draw.
        out_dir (str | Path): folder to make; it may exist if it is empty.
        counts (dict[str, int]): images per split; the splits are the task's devices.
        size (tuple[int, int]): image (height, width), pixels.
        seed (int): 0 or more.
        num_workers (int): processes.

    Raises:
        FileExistsError: if ``out_dir`` holds anything.
        InputError: if a side of the image is out of range.
    """
    if not all(_SMALLEST <= side <= _LARGEST for side in size):
        raise InputError(
            f'image size: found {size[0]}x{size[1]}, expected sides from {_SMALLEST} '
            f'to {_LARGEST} pixels'
        )
    with atomic_folder(out_dir) as root:
        (root / 'classes.txt').write_text('\n'.join(task.classes) + '\n')
        jobs = [(split, i) for split, count in counts.items() for i in range(count)]
        write = partial(_write_sample, task=task, seed=seed, size=size, root=root)
        records = dict(map_jobs(jobs, write, num_workers, 'Generating'))
        for split, count in counts.items():
            in_order = [records[split, i] for i in range(count)]
            task.labels.finish(root / split, in_order, task.classes)
