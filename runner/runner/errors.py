# Copyright (c) mmacnn authors. All rights reserved.


class UserError(Exception):
    """What the user can fix, said in one line."""


class NotFinite(Exception):
    """The model gave numbers that are NaN or infinite."""
