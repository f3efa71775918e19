# Copyright (c) mmacnn authors. All rights reserved.
"""Print on a round bottle in a dark box."""
