# Copyright (c) mmacnn authors. All rights reserved.
"""Labels of other tools in and out, through one type; one file a format."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'annotations': ['LabelledImage', 'LabelledObject', 'LabelledSet'],
        'importer': ['ImportOptions', 'import_labels', 'read_labels'],
        'predictions': ['write_labels', 'write_predictions'],
    },
)
