# Copyright (c) mmacnn authors. All rights reserved.
"""The Inspector as a web service: ``python -m mmacnn serve``."""

LOOPBACK = ('127.0.0.1', 'localhost', '::1')
