# Copyright (c) mmacnn authors. All rights reserved.


class InputError(ValueError):
    """Something is wrong with the user's config, data, weights or arguments.

    A tool ends with its message on one line. Of all errors only this one and
    ``OSError`` do; any other is a fault of the program and keeps its traceback.
    """
