# Copyright (c) mmacnn authors. All rights reserved.
"""What test modules fraction."""
