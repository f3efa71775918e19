# Copyright (c) mmacnn authors. All rights reserved.
"""Carries configs, tools, weights and the runner inside the package, as
``mmacnn/.mim``, where OpenMMLab's ``mim`` looks for the first two. All the rest stands
in setup.cfg."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
CARRIED = ('configs', 'demo', 'runner', 'tools', 'model-index.yml')


class BuildWithMim(build_py):
    """Copies into the wheel; an editable install gets links, which git ignores."""

    def run(self):
        super().run()
        if self.editable_mode:
            link(ROOT / 'mmacnn' / '.mim')
        else:
            copy(Path(self.build_lib, 'mmacnn', '.mim'))


def link(folder):
    """Where Windows allows no links, mim alone misses them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with suppress(OSError):
        for name in CARRIED:
            (folder / name).symlink_to(os.path.relpath(ROOT / name, folder))


def copy(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # runner/line is a link, in git's checkouts on Windows a file.
    ignore = shutil.ignore_patterns('__pycache__', 'line')
    for name in CARRIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        else:
            shutil.copy(source, folder)
    shutil.copytree(ROOT / 'mmacnn/line', folder / 'runner/line', ignore=ignore)


setup(cmdclass={'build_py': BuildWithMim})
