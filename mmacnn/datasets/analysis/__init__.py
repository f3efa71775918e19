# Copyright (c) mmacnn authors. All rights reserved.
"""What a data set holds, and what is wrong with it."""
