# Copyright (c) mmacnn authors. All rights reserved.
"""The files of a data set that is to be imported. Nothing of it is ever written."""

import os
import os.path as osp
from functools import cached_property
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from mmacnn.datasets.image_files import IMAGE_SUFFIXES, read_image_size
from mmacnn.datasets.named_images import (
    AmbiguousName,
    ImageFinder,
    split_of,
    split_of_word,
)
from mmacnn.utils import InputError, read_json, read_text
from mmacnn.utils.text import short

from .annotations import LabelledImage, Notes

# Folders that say what kind of file is in them, and nothing about split or class.
NEUTRAL = {
    *('images', 'image', 'img', 'imgs', 'jpegimages', 'data', 'obj_train_data'),
    *('labels', 'label', 'labels_txt', 'annotations', 'annotation', 'xml', 'txt'),
    *('json', 'obj_valid_data', 'obj_test_data'),
}
ARCHIVES = ('.zip', '.tar', '.tar.gz', '.tgz', '.rar', '.7z')


class Source:
    """A folder of images and labels, or a label file and the folder it is in.

    Args:
        path: The folder or file.
        images: Folder of the images where they are elsewhere.
        skip_missing: Whether labels of absent images are left out and counted.
        unlabelled: What an image without a label is: 'skip' leaves it out, counted;
            'background' says that nothing is on it.
        skip_damaged: Whether images that cannot be read are left out and counted, and
            their labels with them.

    Raises:
        FileNotFoundError: There is no such file or folder, or no image in it.
        InputError: It is an archive.
    """

    def __init__(
        self,
        path: str,
        images: str | None = None,
        skip_missing: bool = False,
        unlabelled: str = 'skip',
        skip_damaged: bool = False,
    ) -> None:
        if not osp.exists(path):
            raise FileNotFoundError(f'{path}: found no such file or folder')
        if path.lower().endswith(ARCHIVES):
            raise InputError(
                f'{path}: found an archive, expected a folder (unpack it first)'
            )
        self.path = path
        self.skip_missing = skip_missing
        self.unlabelled = unlabelled
        self.notes = Notes()
        self.root = path if osp.isdir(path) else osp.dirname(path) or os.curdir
        self.files = list_tree(self.root)
        self.label_files = self.files if osp.isdir(path) else [osp.basename(path)]
        self.image_root = images or self.root
        below = list_tree(self.image_root) if images else self.files
        self.images = [f for f in below if f.lower().endswith(IMAGE_SUFFIXES)]
        if not self.images:
            raise FileNotFoundError(
                f'{self.image_root}: found no image in it, expected files ending in '
                f'{", ".join(IMAGE_SUFFIXES)} (--images names their folder)'
            )
        if skip_damaged:
            found = len(self.images)
            self.images = [f for f in self.images if self._is_readable(f)]
            # Their labels then have no image.
            self.skip_missing |= len(self.images) < found
        self.splits: dict[str, str] = {}
        self._json: dict[str, Any] = {}

    def _is_readable(self, path: str) -> bool:
        full = osp.join(self.image_root, path)
        try:
            read_image_size(full)
        except InputError:
            self.notes.add('image that cannot be read left out', full)
            return False
        return True

    def with_suffix(self, *suffixes: str) -> list[str]:
        """Label files with one of the endings."""
        return [f for f in self.label_files if f.lower().endswith(suffixes)]

    def absolute(self, path: str) -> str:
        """Path of a label file."""
        return osp.join(self.root, path)

    def text(self, path: str) -> str:
        """Content of a label file."""
        return read_text(self.absolute(path))

    def json(self, path: str) -> Any:
        """Content of a json file; the last one stays in memory."""
        if path not in self._json:
            content = read_json(self.absolute(path), 'JSON', nan=True)
            self._json = {path: content}
        return self._json[path]

    def xml(self, path: str) -> Element:
        """Content of an xml file without document type."""
        try:
            return ElementTree.parse(self.absolute(path), forbid_dtd=True).getroot()
        except DefusedXmlException:
            found = 'a document type (DOCTYPE)'
        except (ParseError, ValueError, LookupError) as error:
            found = str(error)
        raise InputError(f'{self.absolute(path)}: expected plain xml, found {found}')

    @cached_property
    def finder(self) -> ImageFinder:
        """Finds images by the names in label files."""
        return ImageFinder(self.images)

    @cached_property
    def images_by_key(self) -> dict[tuple, str]:
        """Images by split, folders and name, without what only says 'image'."""
        return {key_of(path): path for path in self.images}

    def find_image(
        self, name: object, where: str, near: str = '', note: bool = True
    ) -> str | None:
        """Return the image that a label file names.

        Args:
            name: What the label file has.
            where: File and entry, for messages.
            near: The label file.
            note: Whether a name that differs is counted.

        Returns:
            The path below the folder of images; None where it is missing and
            ``skip_missing`` is set.

        Raises:
            FileNotFoundError: There is none.
            InputError: It is no text, or several images fit.
        """
        if not isinstance(name, str) or not name.strip():
            raise InputError(f'{where}: found the image {short(name)}, expected a name')
        try:
            path, cause = self.finder.find(name, osp.dirname(near))
        except AmbiguousName as error:
            raise InputError(
                f'{where}: found the image {short(name)}, which may be {error}, '
                'expected a name with its folder'
            ) from None
        except FileNotFoundError:
            if self.skip_missing:
                self.notes.add('label of an absent image left out', where)
                return None
            raise FileNotFoundError(
                f'{where}: found no image {short(name)} in {self.image_root} '
                '(--images names another folder, --skip-missing leaves such labels '
                'out)'
            ) from None
        if cause and note:
            self.notes.add(f'name of an image with {cause}', where)
        return path

    def open_image(self, path: str, where: str = '', split: str = '') -> LabelledImage:
        """Look at an image's header.

        Args:
            path: Below the folder of images.
            where: The label file, for messages.
            split: What the label file says.

        Raises:
            InputError: The image is damaged.
        """
        full = osp.join(self.image_root, path)
        split = split or self.splits.get(path) or split_of(path)
        return LabelledImage(full, read_image_size(full), split, where=where)

    def add_unlabelled(self, images: list[LabelledImage]) -> None:
        """Deal with the images that no label file names.

        Args:
            images: The labelled ones; the others are appended or counted.
        """
        known = {image.path for image in images}
        for path in self.images:
            full = osp.join(self.image_root, path)
            if full in known:
                continue
            if self.unlabelled == 'background':
                self.notes.add('image without a label taken as background', full)
                images.append(self.open_image(path))
            else:
                self.notes.add(
                    'image without a label left out (--unlabelled background takes it '
                    'as one without objects)',
                    full,
                )


def list_tree(root: str) -> list[str]:
    """Sorted files below a folder, ``/`` between the parts, without hidden ones."""
    found = []
    for place, folders, names in os.walk(root):
        folders[:] = sorted(
            f for f in folders if not f.startswith('.') and f != '__MACOSX'
        )
        prefix = osp.relpath(place, root).replace(os.sep, '/')
        prefix = '' if prefix == '.' else f'{prefix}/'
        found += [f'{prefix}{n}' for n in names if not n.startswith('.')]
    return sorted(found)


def key_of(path: str) -> tuple:
    """What an image and its label file have in common: split, folders, name."""
    *folders, name = path.split('/')
    kept = [split_of_word(f) or f.lower() for f in folders if f.lower() not in NEUTRAL]
    return (*kept, osp.splitext(name)[0])
