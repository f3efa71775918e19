# Copyright (c) mmacnn authors. All rights reserved.
"""Timing of models against one another, and the report of it."""
