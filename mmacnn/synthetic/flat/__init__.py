# Copyright (c) mmacnn authors. All rights reserved.
"""Flat goods and small parts, faultless and damaged."""
