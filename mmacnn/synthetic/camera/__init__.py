# Copyright (c) mmacnn authors. All rights reserved.
"""Lens, sensor, and the numbers of each camera."""
