# Copyright (c) mmacnn authors. All rights reserved.
"""What a file of ``tools/test.py --out`` must hold for a report of it."""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, FailFast, Field, model_validator

from mmacnn.utils.file_schema import FileSchema

PREDICTED = ('pred_label', 'pred_score', 'pred_anomaly_score', 'pred_instances')


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _fits_float(value: Any) -> Any:
    try:
        list(map(float, filter(lambda v: isinstance(v, int), _as_list(value))))
    except OverflowError:
        raise ValueError('expected numbers below 1e300') from None
    return value


Count = Annotated[int, Field(ge=0, lt=1e9)]
Side = Annotated[int, Field(gt=0, lt=1e6)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(gt=1e-6, lt=1e6)]
Pixels = Annotated[float, Field(gt=-1e9, lt=1e9)]
Box = Annotated[list[Pixels], Field(min_length=4, max_length=4)]
Size = Annotated[list[Side], Field(min_length=2, max_length=3)]
Labels = Annotated[list[Count], BeforeValidator(_as_list)]
OneNumber = Annotated[
    list[float], BeforeValidator(_as_list), Field(min_length=1, max_length=1)
]


class TrueBoxes(FileSchema):
    """``gt_instances``: boxes (N, 4) xyxy in pixels and labels (N,)."""

    bboxes: list[Box]
    labels: Labels

    @model_validator(mode='after')
    def _are_as_many(self):
        counts = {name: len(values) for name, values in self}
        if len(set(counts.values())) > 1:
            raise ValueError(f'expected as many {", ".join(counts)}')
        return self


class FoundBoxes(TrueBoxes):
    """``pred_instances``: with scores (N,)."""

    scores: list[float]


class Prediction(FileSchema):
    """The fields of a prediction that a report reads."""

    img_path: str
    gt_label: Labels | None = None
    pred_label: Labels | None = None
    pred_score: Annotated[list[float], Field(min_length=1)] | None = None
    pred_anomaly_score: OneNumber | None = None
    gt_bboxes: list[Box] | None = None
    gt_instances: TrueBoxes | None = None
    pred_instances: FoundBoxes = None
    pred_roi: Box | None = None
    scale_factor: Annotated[list[Factor], Field(min_length=2, max_length=2)] | None = (
        None
    )
    ori_shape: Size | None = None
    img_shape: Size | None = None
    region_fraction: Fraction | None = None
    object_fraction: Fraction | None = None

    @model_validator(mode='after')
    def _fit_together(self):
        if not self.model_fields_set.intersection(PREDICTED):
            raise ValueError(f'expected one of {", ".join(PREDICTED)}')
        if (self.gt_bboxes or self.gt_instances) and not self.ori_shape:
            raise ValueError('found boxes and no ori_shape, expected the size')
        scores = self.pred_score
        for label in (self.gt_label or []) + (self.pred_label or []):
            if scores and label >= len(scores):
                raise ValueError(
                    f'found the label {label} and {len(scores)} scores, expected one '
                    'for each class'
                )
        return self


class Data(FileSchema):
    images: Count
    depth: int | None = None


class Time(FileSchema):
    device: str
    threads: Count
    batch_size: Count
    seconds_per_image: list[float]


class RunInfo(FileSchema):
    """What the run depended on."""

    classes: list[str] | None = None
    data: Data | None = None
    time: Time | None = None
    training: dict | None = None
    versions: dict | None = None
    environment: dict | None = None


class Results(FileSchema):
    """The file; ``maps`` are by the place of their image."""

    metrics: dict[str, Annotated[Any, AfterValidator(_fits_float)]] | None = None
    predictions: Annotated[list[Prediction], Field(min_length=1), FailFast()]
    run: RunInfo | None = None
    maps: dict[int, dict] | None = None


class Percentiles(FileSchema):
    median: float
    p95: float
    p99: float


class Stages(FileSchema):
    total: Percentiles


class Measurement(FileSchema):
    stages: Stages
    images_per_second: float
    model: Any
    threads: Any
    batch_size: Any


class Machine(FileSchema):
    processor: Any


class Benchmark(FileSchema):
    """``benchmark.json`` of ``tools/analysis_tools/benchmark.py``."""

    machine: Machine
    measurements: list[Measurement]
