# Copyright (c) mmacnn authors. All rights reserved.
"""Labels of other tools in and out, through one type; one file a format."""

from mmacnn.utils.lazy_import import lazy_import

__getattr__, __dir__, __all__ = lazy_import(
    __name__,
    {
        'annotations': ['LabelledImage', 'LabelledObject', 'LabelledSet'],
        'importer': ['ImportOptions', 'import_labels', 'read_labels'],
        'predictions': ['write_labels', 'write_predictions'],
    },
)
