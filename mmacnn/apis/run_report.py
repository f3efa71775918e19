# Copyright (c) mmacnn authors. All rights reserved.
"""A page to look at from a test run, or from several side by side."""

import os
import os.path as osp
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process

from mmacnn.reporting import read_run, write_report
from mmacnn.reporting.checks import Benchmark
from mmacnn.reporting.operating_point import Wish
from mmacnn.utils import InputError, read_json, require_writable
from mmacnn.utils.file_schema import check_schema

from .testing import test


def report(
    sources: Sequence[str],
    out: str,
    names: Sequence[str] | None = None,
    title: str = 'Test report',
    benchmark: str | None = None,
    work_dir: str | None = None,
    launcher: str = 'none',
    cfg_options: dict | None = None,
    wish: Wish | None = None,
) -> list[str]:
    """Write one HTML file that shows how a model did in its test.

    Args:
        sources: Either a config and a checkpoint, which are tested now, or files that
            ``tools/test.py --out`` wrote, to be compared.
        out: HTML file to write; must not exist.
        names: What the page calls the runs; the names of the files, or of the config,
            by default.
        title: Heading of the page.
        benchmark: ``benchmark.json`` of ``tools/analysis_tools/benchmark.py`` to show.
        work_dir: Of the test; see :func:`test`.
        launcher: Of the test; see :func:`test`.
        cfg_options: Of the test; see :func:`test`.
        wish: What a plant wants of escapes and overkill.

    Returns:
        Warnings that the page has on top.

    Raises:
        FileExistsError: ``out`` is there.
        FileNotFoundError: A source, or what a test needs, is not.
        InputError: A source is something else, or arguments don't fit it.
    """
    if osp.exists(out):
        raise FileExistsError(f'{out} exists, name a new file')
    if Path(out).suffix not in ('.html', '.htm'):
        raise InputError(f'{out}: expected a name ending in .html')
    is_config = _is_config(sources)
    count = 1 if is_config else len(sources)
    if names and len(names) != count:
        raise InputError(
            f'names: expected {count} names, found {len(names)}: {", ".join(names)}'
        )
    require_writable(out)
    times = None if benchmark is None else _read_benchmark(benchmark)
    if not is_config:
        runs = [
            read_run(path, name)
            for path, name in zip(
                sources, names or _different_names(sources), strict=True
            )
        ]
        return write_report(runs, out, title, times, wish=wish)
    with tempfile.TemporaryDirectory() as folder:
        results = osp.join(folder, 'results.pkl')
        test(
            *sources,
            work_dir=work_dir,
            out=results,
            launcher=launcher,
            cfg_options=cfg_options,
        )
        if not is_main_process():
            return []
        name = names[0] if names else Path(sources[0]).stem
        return write_report([read_run(results, name)], out, title, times, wish=wish)


def _is_config(sources: Sequence[str]) -> bool:
    """Whether to test; else the sources are results."""
    configs = [path for path in sources if Path(path).suffix == '.py']
    if not configs:
        return False
    if len(sources) != 2 or len(configs) != 1 or configs[0] != sources[0]:
        raise InputError(
            f'{" ".join(sources)}: expected CONFIG CHECKPOINT, or results of '
            'tools/test.py --out'
        )
    return True


def _different_names(paths: Sequence[str]) -> list[str]:
    """The files' names; with their folders where two are the same."""
    names = [Path(path).stem for path in paths]
    if len(set(names)) == len(names):
        return names
    return [os.fspath(Path(path).with_suffix('')) for path in paths]


def _read_benchmark(path: str) -> dict[str, Any]:
    content = read_json(path, 'benchmark.json')
    check_schema(Benchmark, content, path, 'tools/analysis_tools/benchmark.py')
    return content
