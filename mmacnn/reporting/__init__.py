# Copyright (c) mmacnn authors. All rights reserved.
"""A page to look at from the results of test runs.

:func:`write_report` is what others call. Nothing here asks which method a run was of:
what a page shows follows from the fields that the predictions have.
"""

from .page import write_report
from .results import Run, read_run

__all__ = ['Run', 'read_run', 'write_report']
