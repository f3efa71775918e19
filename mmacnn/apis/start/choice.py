# Copyright (c) mmacnn authors. All rights reserved.
"""Which method fits a labelled set: docs/en/choose.md as a program."""

from dataclasses import dataclass

from .facts import Facts

ANOMALY, CAM, ACNN, DETECTION = 'anomaly', 'cam', 'acnn', 'detection'
ROI_MASK = 'roi-mask'
METHODS = (ANOMALY, CAM, ACNN, DETECTION, ROI_MASK)
ENOUGH_DEFECTS = 20  # Images below which a classifier learns little of a defect.
NEARLY_ALL = 0.95


@dataclass(frozen=True)
class Choice:
    """A method and why.

    Args:
        method: One of ``METHODS``.
        reason: Why it fits.
        others: Of each other method, what it would need or why it is second.
        fitting: The methods that the labels allow, the best one first.
    """

    method: str
    reason: str
    others: dict[str, str]
    fitting: list[str]


def choose_method(facts: Facts, method: str | None = None) -> Choice:
    """Choose what a person would.

    Args:
        facts: Of the labelled set.
        method: What the user wants; None to choose.
    """
    fits = {
        ANOMALY: _anomaly(facts),
        CAM: _cam(facts),
        ACNN: _acnn(facts),
        DETECTION: _detection(facts),
        ROI_MASK: _roi_mask(facts),
    }
    order = (ACNN, DETECTION, CAM, ANOMALY)
    fitting = [name for name in order if fits[name][0]] or [ANOMALY]
    method = method or fitting[0]
    others = {name: fits[name][1] for name in METHODS if name != method}
    return Choice(method, fits[method][1], others, fitting)


def _anomaly(facts: Facts) -> tuple[bool, str]:
    if not facts.num_good:
        return False, 'needs images of good parts, of which there are none'
    if facts.num_defective < ENOUGH_DEFECTS:
        return True, (
            f'{facts.num_good} good images to learn from, and {facts.num_defective} '
            'defective ones, too few to learn a defect from'
        )
    return True, f'would learn from the {facts.num_good} good images alone'


def _cam(facts: Facts) -> tuple[bool, str]:
    if not facts.num_good or facts.num_defective < ENOUGH_DEFECTS:
        return False, (
            f'needs good images (found {facts.num_good}) and at least {ENOUGH_DEFECTS} '
            f'defective ones (found {facts.num_defective}), sorted into folders'
        )
    kind = 'whole images are labelled' if facts.whole_images else 'it needs no boxes'
    return facts.whole_images, (
        f'{kind}: {facts.num_good} good, {facts.num_defective} defective; it learns '
        'from that where the defect is'
    )


def _acnn(facts: Facts) -> tuple[bool, str]:
    fraction = facts.num_single / facts.num_train
    if fraction >= NEARLY_ALL and len(facts.classes) > 1:
        return True, (
            f'one object on each image ({facts.num_single} of {facts.num_train}), '
            f'{len(facts.classes)} classes: find it, '
            + 'straighten it, ' * facts.is_turned
            + 'crop it, name it'
        )
    if not facts.num_boxed:
        return False, (
            'needs one object that decides, with a box on 5 % of the images, and there '
            'is none'
        )
    return False, (
        f'needs one object on each image (found it on {facts.num_single} of '
        f'{facts.num_train}) and two classes or more (found {len(facts.classes)})'
    )


def _detection(facts: Facts) -> tuple[bool, str]:
    if not facts.num_objects:
        return False, 'needs a box around each defect, and there is none'
    reason = (
        f'{facts.num_objects} boxes on {facts.num_boxed} of {facts.num_train} images, '
        f'{len(facts.classes)} classes: each is found and named'
    )
    # Masks beside folders of classes say where, but the folders are the labels.
    return not facts.whole_images, reason


def _roi_mask(facts: Facts) -> tuple[bool, str]:
    """Never chosen: the labels do not tell that places are known when it is used."""
    if not facts.num_objects:
        return False, 'needs an outline or a box of each region, and there is none'
    kind = 'outlines' if facts.has_outlines else 'boxes or outlines'
    return False, (
        f'{facts.num_objects} {kind}, {len(facts.classes)} classes: it names regions '
        'that you point at (--method roi-mask), and finds none'
    )
