# Copyright (c) mmacnn authors. All rights reserved.
"""Look at a data set of any layout before a model learns from it."""

import json
import os.path as osp
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmacnn.converters.labels import ImportOptions, read_labels, yolo
from mmacnn.converters.labels.annotations import LabelledSet
from mmacnn.converters.labels.cleaning import clean
from mmacnn.converters.labels.source import Source
from mmacnn.converters.labels.splitting import split_images
from mmacnn.datasets.analysis.anomaly import (
    CategoryReport,
    format_category_reports,
    has_categories,
    inspect_categories,
)
from mmacnn.datasets.analysis.dataset import DatasetAnalysis, analyse_images
from mmacnn.datasets.analysis.dataset_text import as_plain_values, format_analysis
from mmacnn.datasets.analysis.yolo import DatasetReport, analyse_dataset, find_splits
from mmacnn.datasets.analysis.yolo_report import draw_report, format_report
from mmacnn.datasets.anomaly_folder import list_categories
from mmacnn.datasets.class_names import read_class_names
from mmacnn.datasets.image_files import IMAGE_SUFFIXES, list_files
from mmacnn.utils import InputError, atomic_write, require_empty
from mmacnn.utils.text import printable

MANY_OBJECTS = 0.5  # Fraction of images with several: more is no set for A-CNN.
TEXT_FILE, VALUES_FILE, PAGE_FILE = 'report.txt', 'report.json', 'report.html'
PICTURE_FILE = 'report.png'


@dataclass
class AnalysisReport:
    """What was found.

    Args:
        analyses: Figures of the data set, or of each category of one for anomaly
            detection.
        roi: Of images with YOLO's labels of one object: every mistake in the labels,
            and the ROI that fits.
        categories: Of a set for anomaly detection: every mistake in its folders.
        failed: A line for each data set whose labels are wrong, so that it has no
            figures.
    """

    analyses: list[DatasetAnalysis] = field(default_factory=list)
    roi: DatasetReport | None = None
    categories: list[CategoryReport] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def has_problems(self) -> bool:
        """Whether something would make a training or its test wrong."""
        return bool(
            self.failed
            or any(analysis.problems() for analysis in self.analyses)
            or (self.roi is not None and self.roi.problems)
            or any(category.problems for category in self.categories)
        )

    def checks(self) -> str:
        """What the checks of one layout alone found, as text."""
        parts = [format_report(self.roi)] if self.roi is not None else []
        if self.categories:
            parts.append(format_category_reports(self.categories))
        return '\n\n'.join(parts)

    def text(self) -> str:
        """All that was found, as text."""
        parts = [format_analysis(analysis) for analysis in self.analyses]
        parts += [printable(f'no figures: {line}') for line in self.failed]
        return '\n\n'.join(part for part in (*parts, self.checks()) if part)

    def save(self, out_dir: str, html: bool = False) -> list[str]:
        """Write ``report.txt``, ``report.json`` and, where an ROI is recommended,
        ``report.png``.

        Args:
            out_dir: New or empty folder.
            html: Whether to write the page, ``report.html``, too.

        Returns:
            The files.

        Raises:
            FileExistsError: ``out_dir`` holds something.
            OSError: A file cannot be written.
        """
        require_empty(out_dir)
        values = [as_plain_values(analysis) for analysis in self.analyses]
        texts = {
            TEXT_FILE: self.text(),
            VALUES_FILE: json.dumps(dict(data_sets=values, failed=self.failed)),
        }
        written = []
        for name, text in texts.items():
            written.append(osp.join(out_dir, name))
            with atomic_write(written[-1]) as path:
                Path(path).write_text(text + '\n', encoding='utf-8', errors='replace')
        if self.roi is not None:
            written.append(osp.join(out_dir, PICTURE_FILE))
            with atomic_write(written[-1]) as path:
                draw_report(self.roi).savefig(path, dpi=100)
        if html and self.analyses:
            from mmacnn.reporting.dataset_page import write_dataset_page

            written.append(osp.join(out_dir, PAGE_FILE))
            write_dataset_page(self.analyses, written[-1], self.checks())
        return written


def analyse(
    data: str,
    options: ImportOptions | None = None,
    input_size: tuple[int, int] | None = None,
    progress: Callable[[list], Iterable] = iter,
) -> AnalysisReport:
    """Count what is in a data set, and find what is odd or wrong.

    Args:
        data: Folder or label file in any layout that ``import_labels`` reads; or a
            folder of categories for anomaly detection.
        options: How to read it. One file as ``classes`` has a name a line.
        input_size: (height, width) that images are resized to, for the ROI that is
            recommended. Their most common size by default.
        progress: Wraps a list of images, to show progress.

    Raises:
        FileNotFoundError: There is nothing, or an image is missing.
        InputError: The layout is not recognised, or a label is wrong. In the folders of
            an anomaly set and in YOLO's labels of one object each mistake is a problem
            of the report instead.
    """
    options = options or ImportOptions()
    names = options.classes
    if names and len(names) == 1 and osp.isfile(names[0]):
        options = replace(options, classes=read_class_names(names[0]))
    report = AnalysisReport()
    if has_categories(data):
        report.categories = inspect_categories(data, progress)
        is_one = osp.isdir(osp.join(data, 'train'))
        for name in [''] if is_one else list_categories(data):
            place = osp.join(data, name) if name else data
            try:
                report.analyses.append(_analyse_one(place, options, progress)[0])
            except (InputError, FileNotFoundError) as error:
                report.failed.append(str(error))
        return report
    try:
        analysis, dataset = _analyse_one(data, options, progress)
    except InputError as error:
        if not _has_yolo_folders(data, options):
            raise
        report.failed.append(str(error))
        is_roi = True
    else:
        report.analyses.append(analysis)
        is_roi = _is_for_acnn(dataset) and _has_yolo_folders(data, options)
    if is_roi:
        multiple = 'largest' if options.largest else 'error'
        report.roi = analyse_dataset(
            data, options.classes, input_size, multiple, progress=progress
        )
    return report


def _analyse_one(
    data: str, options: ImportOptions, progress: Callable
) -> tuple[DatasetAnalysis, LabelledSet]:
    dataset, source, found = read_labels(data, options)
    clean(dataset, source.notes, options.rescale_labels)
    if dataset.splits() != ['']:
        split_images(dataset, source.notes)  # images outside of them are for training
    analysis = analyse_images(
        data,
        found,
        dataset.images,
        dataset.classes,
        source.notes.lines(),
        dataset.good,
        progress,
    )
    return analysis, dataset


def _is_for_acnn(dataset: LabelledSet) -> bool:
    """Whether it has labels of YOLO's, one object on most images."""
    several = sum(len(image.objects) > 1 for image in dataset.images)
    return dataset.format == yolo.NAME and (
        several <= MANY_OBJECTS * len(dataset.images)
    )


def _has_yolo_folders(data: str, options: ImportOptions) -> bool:
    """Whether ``YOLORoIDataset`` reads it as it is: images/ and labels/ a split."""
    if options.images or not osp.isdir(data):
        return False
    try:
        folders = [folder for _, folder in find_splits(data)]
        return yolo.recognise(Source(data)) is not None and all(
            list_files(osp.join(folder, 'images'), IMAGE_SUFFIXES) for folder in folders
        )
    except (InputError, OSError):
        return False
