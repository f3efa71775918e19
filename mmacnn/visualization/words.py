# Copyright (c) mmacnn authors. All rights reserved.
"""What a prediction says, in the same words in pictures and on the terminal."""

LEVEL = "the map's level"
BY_SCORE = 'by the score of the whole image'


def decision(
    class_name: str,
    score: float | None = None,
    anomaly_score: float | None = None,
    threshold: float | None = None,
) -> str:
    """The class, and the number that decided it.

    An anomaly detector decides by its score and threshold. How many good images score
    lower is no confidence: of good images, that is any number from 0 to 1.

    Args:
        class_name: Name of the class.
        score: Of that class, in [0, 1].
        anomaly_score: Of an anomaly detector.
        threshold: Above which it is defective, where that is known.

    Example:
        >>> decision('good', 0.11, anomaly_score=0.441, threshold=1.0)
        'good, anomaly 0.441, threshold 1'
        >>> decision('3709', 0.98)
        '3709 0.98'
    """
    if anomaly_score is None:
        return class_name if score is None else f'{class_name} {score:.2f}'
    if threshold is None:
        return f'{class_name}, anomaly {anomaly_score:.3g}'
    values = anomaly_score, threshold
    for digits in range(3, 10):  # a score that lies close to it must not look equal
        shown = [f'{value:.{digits}g}' for value in values]
        if shown[0] != shown[1]:
            break
    return f'{class_name}, anomaly {shown[0]}, threshold {shown[1]}'


def largest(sides: tuple[float, float], area: float, mm: float | None) -> str:
    """How large the largest of the defect regions is.

    Args:
        sides: Length and width in pixels of the image.
        area: In pixels of the image.
        mm: Millimetres of a pixel, where they are known.

    Example:
        >>> largest((34.2, 5.0), 120.0, None)
        'largest 34 x 5 px, 120 px²'
        >>> largest((34.2, 5.0), 120.0, 0.1)
        'largest 3.42 x 0.5 mm, 1.2 mm²'
    """
    if mm is None:
        return f'largest {sides[0]:.0f} x {sides[1]:.0f} px, {area:.0f} px²'
    length, width = (side * mm for side in sides)
    return f'largest {length:.3g} x {width:.3g} mm, {area * mm**2:.3g} mm²'


def regions(count: int, is_defective: bool | None = None) -> list[str]:
    """How many defect regions are drawn; where the image's class says another thing,
    that too.

    Args:
        count: Number of the regions that are drawn.
        is_defective: By the score of the image; None where that is not known.

    Example:
        >>> regions(1, True)
        ["1 region above the map's level"]
        >>> regions(0, True)
        ["no region above the map's level", 'defective by the score of the whole image']
    """
    lines = [f'{_number(count)} above {LEVEL}']
    if is_defective is not None and is_defective != bool(count):
        lines.append(f'{"defective" if is_defective else "good"} {BY_SCORE}')
    return lines


def regions_for(count: int, class_name: str) -> list[str]:
    """The same of a map that shows what speaks for a class that is no defect."""
    return [f'{_number(count)} for {class_name}']


def _number(count: int) -> str:
    return f'{count or "no"} region{"" if count < 2 else "s"}'
