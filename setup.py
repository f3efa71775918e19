# Copyright (c) mmacnn authors. All rights reserved.
"""Carries configs/ and tools/ inside the package, as ``mmacnn/.mim``, where OpenMMLab's
``mim`` looks for them. All the rest stands in setup.cfg."""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
CARRIED = ('configs', 'tools', 'model-index.yml')


class BuildWithMim(build_py):
    """Copies into the wheel; an editable install gets links, which git ignores."""

    def run(self):
        super().run()
        package = (
            ROOT / 'mmacnn' if self.editable_mode else Path(self.build_lib, 'mmacnn')
        )
        folder = package / '.mim'
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in CARRIED:
            source, target = ROOT / name, folder / name
            if self.editable_mode:
                target.symlink_to(os.path.relpath(source, folder))
            elif source.is_dir():
                ignore = shutil.ignore_patterns('__pycache__')
                shutil.copytree(source, target, ignore=ignore)
            else:
                shutil.copy(source, target)


setup(cmdclass={'build_py': BuildWithMim})
