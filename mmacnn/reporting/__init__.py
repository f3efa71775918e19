# Copyright (c) mmacnn authors. All rights reserved.
"""A page to look at from the results of test runs, and one about a data set.

:func:`write_report` and :func:`write_dataset_page` are what others call.
Nothing here asks which method a run was of: what a page shows follows from the fields
that the predictions have.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'dataset_page': ['write_dataset_page'],
        'page': ['write_report'],
        'results': ['Run', 'read_run'],
    },
)
