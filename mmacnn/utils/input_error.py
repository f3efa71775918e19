# Copyright (c) mmacnn authors. All rights reserved.


class InputError(ValueError):
    """Something is wrong with the images or weights, and not with the program.

    Wherever it is raised, a tool ends with its message on one line; a ``ValueError``
    from inside a model's step counts as a fault of the program.
    """
