# Copyright (c) mmacnn authors. All rights reserved.
"""One file a method: all that deployment must know of it.

A method from outside the package is a file with a class that derives from
:class:`Method` and is registered, named in ``custom_imports`` of the model's config.
"""

from . import acnn, anomaly, cam, classifier
from .base import Method, method_of, register_method

__all__ = [
    'Method',
    'acnn',
    'anomaly',
    'cam',
    'classifier',
    'method_of',
    'register_method',
]
