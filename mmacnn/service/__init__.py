# Copyright (c) mmacnn authors. All rights reserved.
"""The Inspector as a web service: ``python -m mmacnn serve``."""
