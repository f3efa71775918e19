# Copyright (c) mmacnn authors. All rights reserved.
"""Where the pictures of many images go, so that none covers another."""

import os.path as osp
from collections.abc import Sequence
from pathlib import Path


def name_pictures(image_paths: Sequence[str]) -> dict[str, str]:
    """Name the picture of each image after the image.

    ``a/1.png`` becomes ``1.jpg``; if two images have one name, all keep their folders
    below the common one, and if two differ in the suffix alone, all keep it:
    ``a/1.png.jpg``. Upper and lower case count as one, as some file systems do.

    Args:
        image_paths (Sequence[str]): The images.

    Returns:
        dict[str, str]: Image path to the path of its picture in the output folder.

    Example:
        >>> name_pictures(['in/a/1.png', 'in/a/2.png'])
        {'in/a/1.png': '1.jpg', 'in/a/2.png': '2.jpg'}
        >>> name_pictures(['in/a/1.png', 'in/b/1.png'])
        {'in/a/1.png': 'a/1.jpg', 'in/b/1.png': 'b/1.jpg'}
    """
    # The same file may be named twice: './a.png' and 'a.png'.
    places = {path: Path(osp.abspath(path)) for path in image_paths}
    if not places:
        return {}
    root = osp.commonpath([place.parent for place in places.values()])
    different = len(set(places.values()))
    for name in (
        lambda place: place.stem,
        lambda place: place.relative_to(root).with_suffix('').as_posix(),
        lambda place: place.relative_to(root).as_posix(),
    ):
        names = {path: f'{name(place)}.jpg' for path, place in places.items()}
        if len({picture.casefold() for picture in names.values()}) == different:
            break
    return names
