# Copyright (c) mmacnn authors. All rights reserved.
"""Detectors in ONNX that keep the boxes which mmdet keeps.

Of two-stage ones, MMDeploy 1.3.1 suppresses proposals across levels of the pyramid,
drops proposals below a score, and gives every class of a region the box of its best
class; RTMDet's boxes it does not clip. mmdet does none of this, so detections of the
two differ. It also clips boxes where the padding ends and not where the image does,
since the graph gets the padded image; here the graph pads. These rewriters take
precedence over MMDeploy's, since they are for ONNX Runtime where its are for any back
end.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmdeploy.core import FUNCTION_REWRITER
from mmdeploy.mmcv.ops.nms import ONNXNMSop, _select_nms_index
from torch import Tensor

from . import rewriters  # noqa: F401


def grouped_nms(
    boxes: Tensor,
    scores: Tensor,
    groups: Tensor,
    iou_threshold: float,
    score_threshold: float,
    max_num: int,
) -> tuple[Tensor, Tensor]:
    """Non-maximum suppression in which boxes of different groups never meet.

    Args:
        boxes: (B, N, 4), xyxy, inside the image.
        scores: (B, N); a box without a score above the threshold is dropped.
        groups: (B, N), whole numbers from 0: a level of the pyramid, or a class.
        iou_threshold: A box that overlaps a better one by more than this is dropped.
        score_threshold: Least score.
        max_num: Number of boxes to keep at most.

    Returns:
        Boxes with scores (B, max_num, 5) and groups (B, max_num), best first. A row
        with the score 0 is filling.
    """
    # mmcv's trick: groups are moved apart by more than the extent of all boxes.
    apart = boxes + (groups * (boxes.max() + 1))[:, :, None]
    scores = scores[:, None]
    kept = ONNXNMSop.apply(apart, scores, max_num, iou_threshold, score_threshold)
    size = boxes.shape[0]
    best, _ = _select_nms_index(scores, boxes, kept, size, keep_top_k=max_num)
    # The same selection again, of the groups in the place of the boxes.
    numbers = groups[:, :, None].expand_as(boxes)
    group, _ = _select_nms_index(scores, numbers, kept, size, keep_top_k=max_num)
    return best, group[:, :, 0].long()


@FUNCTION_REWRITER.register_rewriter(
    'mmdet.models.detectors.single_stage.SingleStageDetector.extract_feat',
    backend='onnxruntime',
)
@FUNCTION_REWRITER.register_rewriter(
    'mmdet.models.detectors.two_stage.TwoStageDetector.extract_feat',
    backend='onnxruntime',
)
def detector__extract_feat(self, batch_inputs: Tensor) -> Sequence[Tensor]:
    """Feature maps of images (B, C, H, W), padded as the data preprocessor does it."""
    divisor = self.data_preprocessor.pad_size_divisor
    right, below = (-batch_inputs.shape[axis] % divisor for axis in (3, 2))
    value = self.data_preprocessor.pad_value
    features = self.backbone(F.pad(batch_inputs, (0, right, 0, below), value=value))
    return self.neck(features) if self.with_neck else features


def _candidates(
    head,
    cls_scores: Sequence[Tensor],
    bbox_preds: Sequence[Tensor],
    cfg: dict,
) -> list[Tensor]:
    """The ``nms_pre`` surest boxes of each level of the pyramid.

    Returns:
        Score (B, N), what is predicted of the box (B, N, 4), its prior (B, N, D),
        class (B, N) and level (B, N).
    """
    sizes = [score.shape[-2:] for score in cls_scores]
    priors = head.prior_generator.grid_priors(sizes, device=cls_scores[0].device)
    classes, levels = head.cls_out_channels, []
    for number, (score, predicted, prior) in enumerate(
        zip(cls_scores, bbox_preds, priors, strict=True)
    ):
        batch = score.shape[0]
        score = score.permute(0, 2, 3, 1).reshape(batch, -1).sigmoid()
        predicted = predicted.permute(0, 2, 3, 1).reshape(batch, -1, 4)
        score, chosen = score.topk(cfg.nms_pre, dim=1)
        place = torch.div(chosen, classes, rounding_mode='floor')
        predicted = predicted.gather(1, place[:, :, None].expand(-1, -1, 4))
        level = torch.full_like(score, number)
        levels.append((score, predicted, prior[place], chosen % classes, level))
    return [torch.cat(each, 1) for each in zip(*levels, strict=True)]


@FUNCTION_REWRITER.register_rewriter(
    'mmdet.models.dense_heads.rtmdet_head.RTMDetHead.predict_by_feat',
    backend='onnxruntime',
)
def rtmdet_head__predict_by_feat(
    self,
    cls_scores: list[Tensor],
    bbox_preds: list[Tensor],
    batch_img_metas: list[dict] | None = None,
    cfg: dict | None = None,
    rescale: bool = False,
    with_nms: bool = True,
) -> tuple[Tensor, Tensor]:
    """Detections: boxes with scores (B, max_per_img, 5), labels (B, max_per_img)."""
    cfg = self.test_cfg if cfg is None else cfg
    score, distance, point, label, _ = _candidates(self, cls_scores, bbox_preds, cfg)
    boxes = self.bbox_coder.decode(
        point, distance, max_shape=batch_img_metas[0]['img_shape']
    )
    score = _without_small(boxes, score, cfg)
    return grouped_nms(
        boxes,
        score,
        label.to(score),
        cfg.nms.iou_threshold,
        cfg.score_thr,
        cfg.max_per_img,
    )


def _without_small(boxes: Tensor, score: Tensor, cfg: dict) -> Tensor:
    """Scores (B, N), 0 where a side is not above ``min_bbox_size``."""
    sides = (boxes[..., 2:] - boxes[..., :2]).amin(-1)
    return score * (sides > cfg.get('min_bbox_size', -1)).to(score)


@FUNCTION_REWRITER.register_rewriter(
    'mmdet.models.dense_heads.rpn_head.RPNHead.predict_by_feat', backend='onnxruntime'
)
def rpn_head__predict_by_feat(
    self,
    cls_scores: list[Tensor],
    bbox_preds: list[Tensor],
    score_factors: list[Tensor] | None = None,
    batch_img_metas: list[dict] | None = None,
    cfg: dict | None = None,
    rescale: bool = False,
    with_nms: bool = True,
) -> tuple[Tensor, Tensor]:
    """Proposals: the best of each level, suppressed level by level.

    Returns:
        Boxes with scores (B, max_per_img, 5), and the levels they come from.
    """
    cfg = self.test_cfg if cfg is None else cfg
    score, delta, anchor, _, level = _candidates(self, cls_scores, bbox_preds, cfg)
    boxes = self.bbox_coder.decode(
        anchor, delta, max_shape=batch_img_metas[0]['img_shape']
    )
    score = _without_small(boxes, score, cfg)
    return grouped_nms(boxes, score, level, cfg.nms.iou_threshold, 0.0, cfg.max_per_img)


@FUNCTION_REWRITER.register_rewriter(
    'mmdet.models.roi_heads.bbox_heads.bbox_head.BBoxHead.predict_by_feat',
    backend='onnxruntime',
)
def bbox_head__predict_by_feat(
    self,
    rois: Tensor,
    cls_scores: Tensor,
    bbox_preds: Tensor,
    batch_img_metas: list[dict],
    rcnn_test_cfg: dict | None = None,
    rescale: bool = False,
) -> tuple[Tensor, Tensor]:
    """Detections: each class of a region with that class's own box.

    Args:
        rois: (B, R, 5), the image's number and xyxy.
        cls_scores: (B, R, classes + 1), before the softmax.
        bbox_preds: (B, R, classes * 4), or (B, R, 4) for all classes.

    Returns:
        Boxes with scores (B, max_per_img, 5), and labels (B, max_per_img).
    """
    batch, _, columns = cls_scores.shape
    classes = columns - 1
    scores = cls_scores.softmax(-1)[..., :classes]
    size = self.bbox_coder.encode_size
    if self.reg_class_agnostic:
        bbox_preds = bbox_preds.repeat(1, 1, classes)
    regions = rois[..., 1:].repeat(1, 1, classes)
    boxes = self.bbox_coder.decode(
        regions.reshape(batch, -1, 4),
        bbox_preds.reshape(batch, -1, size),
        max_shape=batch_img_metas[0]['img_shape'],
    )
    scores = scores.reshape(batch, -1)
    labels = torch.arange(classes, device=boxes.device, dtype=boxes.dtype)
    labels = (torch.zeros_like(cls_scores[..., :classes]) + labels).reshape(batch, -1)
    return grouped_nms(
        boxes,
        scores,
        labels,
        rcnn_test_cfg.nms.iou_threshold,
        rcnn_test_cfg.score_thr,
        rcnn_test_cfg.max_per_img,
    )


@FUNCTION_REWRITER.register_rewriter(
    'mmacnn.models.detectors.acnn_detector.ACNNDetector.forward'
)
def acnn_detector__forward(self, inputs: Tensor, *args, **kwargs) -> tuple:
    """Boxes with scores (B, K, 5) and labels (B, K), none suppressed."""
    boxes, scores, labels = self.detect(inputs)
    return torch.cat((boxes, scores[..., None]), -1), labels
