# Copyright (c) mmacnn authors. All rights reserved.
"""A page to look at from the results of test runs.

:func:`write_report` is what others call. Nothing here asks which method a run was of:
what a page shows follows from the fields that the predictions have.
"""

from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__, {'page': ['write_report'], 'results': ['Run', 'read_run']}
)
