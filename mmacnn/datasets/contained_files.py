# Copyright (c) mmacnn authors. All rights reserved.
"""File names in a label file, which may come from anywhere."""

import os.path as osp

from mmacnn.utils import InputError
from mmacnn.utils.text import short

from .named_images import IMPORT_HINT, likely_cause


def check_name(name: object, where: str, what: str = 'image') -> str:
    """Return a file name that stays below the folder it is seen from.

    Args:
        name: What the label file says.
        where: Which line or entry that is, for messages.
        what: What is named, for messages.

    Raises:
        InputError: It is no text, is empty, is absolute, or leads up and out by '..'.
    """
    is_name = isinstance(name, str) and name and '\0' not in name
    if not is_name or osp.isabs(name) or osp.normpath(name).split(osp.sep)[0] == '..':
        raise InputError(
            f'{where}: found the {what} {short(name)}, expected a name below the '
            f'folder of {what}s ({IMPORT_HINT})'
        )
    return name


class FilesBelow:
    """Finds the files that a label file names, in a folder and not outside of it.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._root = osp.realpath(folder or osp.curdir)
        self._is_inside: dict[str, bool] = {}

    def find(self, name: object, where: str, what: str = 'image') -> str:
        """Return the path of a file.

        Args:
            name: What the label file says.
            where: Which line or entry that is, for messages.
            what: What is named, for messages.

        Raises:
            FileNotFoundError: There is no such file.
            InputError: See :func:`check_name`; or a link leads out of the folder.
        """
        path = osp.join(self.folder, check_name(name, where, what))
        parent = osp.dirname(path)
        if parent not in self._is_inside:  # few folders, many files
            self._is_inside[parent] = self._holds(parent)
        is_inside = self._is_inside[parent]
        if not is_inside or (osp.islink(path) and not self._holds(path)):
            raise InputError(
                f'{where}: found the {what} {short(name)}, a link to '
                f'{osp.realpath(path)}, expected a file below {self._root}'
            )
        if not osp.isfile(path):
            raise FileNotFoundError(
                f'{where}: found no such {what}: {path}'
                + likely_cause(str(name), self.folder)
            )
        return path

    def _holds(self, path: str) -> bool:
        return osp.commonpath((self._root, osp.realpath(path))) == self._root
