# Copyright (c) mmacnn authors. All rights reserved.


class UserError(Exception):
    """What the user can mend, said in one line."""
