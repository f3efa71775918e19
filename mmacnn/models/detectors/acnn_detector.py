# Copyright (c) mmacnn authors. All rights reserved.
"""A-CNN for images with several objects, as a detector of mmdet."""

import logging
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmdet.models.detectors.base import BaseDetector
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_overlaps
from mmengine.logging import print_log
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmacnn.models.losses.mean_count import mean_count
from mmacnn.ops import gaussian_peaks, sample_roi, sample_rois_separable
from mmacnn.registry import MODELS
from mmacnn.utils.arguments import check_number

RARE = -2.2  # Logit of the heat map at the start: an object in one cell of ten.
PLACE_BETA = 0.1  # Of the smooth L1 loss of a centre's place, in cells.
BOX_BETA = 0.02  # Of the smooth L1 loss of a box, in sides of the ROI.


class Peaks(NamedTuple):
    """The K highest peaks of each heat map.

    Attributes:
        score: (B, K), in (0, 1), highest first.
        centre: (B, K, 2), ``(x, y)`` normalised to [0, 1] of the image edge to edge.
    """

    score: Tensor
    centre: Tensor


@MODELS.register_module()
class ACNNDetector(BaseDetector):
    """Peaks of a heat map -> a crop of each at full resolution -> class and box.

    A-CNN (Kim, Yi, Lee, IEEE TIM 2025, doi 10.1109/TIM.2025.3548240) crops the one ROI
    of an image. Here there may be none or many: the localizer says of each cell whether
    an object's centre is in it, as in Zhou, Wang, Kraehenbuehl, *Objects as Points*,
    arXiv 1904.07850. The classifier sees each crop, and knows a class more, the
    background: that of crops where the localizer was wrong. A score is the product of
    both, as in Zhou, Koltun, Kraehenbuehl, *Probabilistic two-stage detection*, arXiv
    2103.07461. The box is read from the crop too, which shows where the object ends;
    of boxes that overlap, the one of the highest score is kept (all at once, as in
    Bolya et al., *YOLACT*, arXiv 1904.02689, section 4.3).

    Args:
        localizer: Config of the localizer's backbone; its last feature map is used.
        in_channels: Channels of that feature map.
        stn: Config of :class:`SpatialTransformerNeck`: sizes and norm of the crop.
        backbone: Config of the classifier's backbone.
        head: Config of the classifier's head; it is given a class more, the last, for
            the background.
        bbox_head: Config of the head that reads the box from the classifier's last
            feature map, such as :class:`ROIBoxHead`.
        neck: Config of the classifier's neck.
        max_rois: Peaks that are looked at on an image, K: twice as many as there may be
            objects, since other things have peaks too.
        negatives: Peaks away from all objects, of each image, from which the background
            is learned.
        sigma: Standard deviation of the Gaussian round each centre, pixels.
        roi_jitter: Largest shift of a true ROI in training, (vertical, horizontal), as
            a fraction of the ROI's size.
        loss_heatmap: Config of the loss of the heat map; mmdet's
            ``GaussianFocalLoss`` by default.
        test_cfg: ``score_thr``, the least score of a detection, and ``nms``, whose
            ``iou_threshold`` says from where on two boxes are of one object.
    """

    def __init__(
        self,
        localizer: dict,
        in_channels: int,
        stn: dict,
        backbone: dict,
        head: dict,
        bbox_head: dict,
        neck: dict | None = None,
        max_rois: int = 16,
        negatives: int = 2,
        sigma: float = 6.0,
        roi_jitter: tuple[float, float] = (0.2, 0.2),
        loss_heatmap: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        check_number('ACNNDetector: max_rois', max_rois, 1)
        super().__init__(data_preprocessor, init_cfg)
        self.localizer = MODELS.build(localizer)
        self.fields = nn.Conv2d(in_channels, 3, 1)
        self.stn = MODELS.build(stn)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck or dict(type='mmpretrain.GlobalAveragePooling'))
        self.num_classes = head['num_classes']
        self.head = MODELS.build(dict(head, num_classes=self.num_classes + 1))
        self.head.num_classes = self.num_classes  # As the data set counts.
        self.bbox_head = MODELS.build(bbox_head)
        self.loss_heatmap = MODELS.build(
            loss_heatmap or dict(type='mmdet.GaussianFocalLoss')
        )
        self.max_rois = self.most = max_rois
        self.negatives = negatives
        self.sigma = sigma
        self.roi_jitter = roi_jitter
        self.test_cfg = test_cfg or dict(score_thr=0.05, nms=dict(iou_threshold=0.5))
        nn.init.normal_(self.fields.weight, std=0.01)
        nn.init.zeros_(self.fields.bias)
        nn.init.constant_(self.fields.bias[:1], RARE)
        self.to(memory_format=torch.channels_last)

    def extract_feat(self, batch_inputs: Tensor) -> Tensor:
        """(B, 3, h, w): logit of a centre, and its place (x, y) in the cell."""
        images = batch_inputs.contiguous(memory_format=torch.channels_last)
        feature = self.localizer(images)[-1]
        return self.fields(feature.to(self.fields.weight.dtype)).float()

    def peaks(self, fields: Tensor) -> Peaks:
        """The highest peaks of what :meth:`extract_feat` gives."""
        height, width = fields.shape[-2:]
        heatmap = fields[:, :1].sigmoid()
        is_peak = (heatmap >= F.max_pool2d(heatmap, 3, 1, 1)).to(heatmap)
        score, index = (heatmap * is_peak).flatten(1).topk(self.max_rois)
        column, row = _place(index, width)
        # A sum exports plainer than expand().
        every = index[:, None] + index.new_zeros(1, 2, 1)
        dx, dy = fields[:, 1:].flatten(2).gather(2, every).unbind(1)
        x, y = (column + 0.5 + dx) / width, (row + 0.5 + dy) / height
        return Peaks(score, torch.stack((x, y), -1))

    def detect(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (B, K, 4), xyxy in pixels of the input, scores and labels (B, K)."""
        found = self.peaks(self.extract_feat(images))
        crops = sample_rois_separable(
            images, found.centre, self.stn.roi_size, self.stn.output_size
        )
        scores, edges = self._read(crops)
        scores = scores.softmax(1)[:, :-1]
        scores = scores.reshape(-1, self.max_rois, scores.shape[1])
        edges = edges.reshape(-1, self.max_rois, 4)
        extent = images.new_tensor(images.shape[:-3:-1])
        roi = self._roi(images)
        corner = found.centre * extent - roi / 2
        boxes = torch.cat((corner, corner), -1) + edges * torch.cat((roi, roi))
        score = found.score * scores.amax(-1)
        score = score * _best_of_overlapping(
            boxes, score, self.test_cfg['nms']['iou_threshold']
        )
        return boxes, score, scores.argmax(-1)

    def predict(
        self,
        batch_inputs: Tensor,
        batch_data_samples: list[DetDataSample],
        rescale: bool = True,
    ) -> list[DetDataSample]:
        """Set ``pred_instances``, in pixels of the original image, best first."""
        results = []
        for boxes, scores, labels, sample in zip(
            *self.detect(batch_inputs), batch_data_samples, strict=True
        ):
            kept = scores > self.test_cfg['score_thr']
            kept = kept.nonzero()[:, 0][scores[kept].argsort(descending=True)]
            height, width = sample.img_shape[:2]
            limit = boxes.new_tensor((width, height, width, height))
            boxes = boxes[kept].clamp(min=0).minimum(limit)
            if rescale:
                boxes = boxes / boxes.new_tensor(sample.scale_factor).repeat(2)
            results.append(
                InstanceData(bboxes=boxes, scores=scores[kept], labels=labels[kept])
            )
        return self.add_pred_to_datasample(batch_data_samples, results)

    def loss(
        self, batch_inputs: Tensor, batch_data_samples: list[DetDataSample]
    ) -> dict[str, Tensor]:
        """Of the heat map, the place of the true centres, the classes and the boxes."""
        fields = self.extract_feat(batch_inputs)
        size = batch_inputs.shape[-2:]
        extent = fields.new_tensor((size[1], size[0]))
        boxes, labels = [], []
        for sample in batch_data_samples:
            truth = sample.gt_instances
            box = getattr(truth.bboxes, 'tensor', truth.bboxes).to(fields)
            boxes.append(box)
            labels.append(truth.labels)
        self._note_most(max(map(len, boxes)))
        centres = [(box[:, :2] + box[:, 2:]) / 2 / extent for box in boxes]
        count = mean_count(fields.new_tensor(sum(map(len, boxes))))
        heatmap = fields[:, 0].sigmoid()
        cells = fields.new_tensor(fields.shape[-2:])
        sigma = self.sigma * cells / fields.new_tensor(size)
        target = torch.stack(
            [gaussian_peaks(c, sigma.tolist(), fields.shape[-2:]) for c in centres]
        )
        with torch.no_grad():
            found = self.peaks(fields)
        return dict(
            loss_heatmap=self.loss_heatmap(heatmap, target, avg_factor=count),
            loss_place=self._place_loss(fields, centres) / count,
            **self._crop_losses(batch_inputs, centres, boxes, labels, found.centre),
        )

    def _note_most(self, found: int) -> None:
        """Say it, once for each higher number, where objects are more than peaks."""
        if found > self.most:
            self.most = found
            print_log(
                f'max_rois: expected at least as many as objects on an image, {found}, '
                f'found {self.max_rois}; those beyond it will not be found',
                logger='current',
                level=logging.WARNING,
            )

    def _place_loss(self, fields: Tensor, centres: list[Tensor]) -> Tensor:
        height, width = fields.shape[-2:]
        total = fields.sum() * 0
        for field, centre in zip(fields, centres, strict=True):
            place = centre * centre.new_tensor((width, height))
            column, row = place.long().unbind(1)
            column, row = column.clamp(0, width - 1), row.clamp(0, height - 1)
            offset = place - torch.stack((column, row), 1) - 0.5
            total = total + F.smooth_l1_loss(
                field[1:, row, column].T, offset, reduction='sum', beta=PLACE_BETA
            )
        return total

    def _crop_losses(
        self,
        images: Tensor,
        centres: list[Tensor],
        boxes: list[Tensor],
        labels: list[Tensor],
        peaks: Tensor,
    ) -> dict[str, Tensor]:
        """Of the true ROIs, moved a little, and of the peaks that are none."""
        crops, targets, edges = [], [], []
        extent = images.new_tensor(images.shape[:-3:-1])
        roi = self._roi(images) / extent
        reach = images.new_tensor(self.roi_jitter).flip(0) * roi
        for image, centre, box, label, peak in zip(
            images, centres, boxes, labels, peaks, strict=True
        ):
            apart = ((peak[:, None] - centre) / roi).abs().amax(-1)
            is_far = (apart > 0.5).all(1)
            false = peak[is_far][: self.negatives]
            shown = centre + (torch.rand_like(centre) * 2 - 1) * reach
            places = torch.cat((shown, false))
            same = image.expand(len(places), -1, -1, -1)
            crops.append(
                sample_roi(same, places, self.stn.roi_size, self.stn.output_size)
            )
            background = label.new_full((len(false),), self.num_classes)
            targets.append(torch.cat((label, background)))
            corners = box.reshape(-1, 2, 2) / extent - shown[:, None]
            edges.append((corners / roi + 0.5).flatten(1).clamp(0, 1))
            # A false peak has no box; it is left out below.
            edges.append(box.new_full((len(false), 4), torch.nan))
        scores, found = self._read(torch.cat(crops))
        target, edge = torch.cat(targets), torch.cat(edges)
        is_object = target < self.num_classes
        loss_box = F.smooth_l1_loss(
            found[is_object], edge[is_object], reduction='sum', beta=BOX_BETA
        ) / mean_count(is_object.sum().to(found))
        return dict(
            loss_cls=self.head.loss_module(scores, target),
            loss_box=loss_box + found.sum() * 0,  # processes wait for each gradient
        )

    def _read(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Crops -> scores before the softmax (N, classes + 1), boxes in them (N, 4)."""
        crops = crops if self.stn.norm is None else self.stn.norm(crops)
        features = self.backbone(crops)
        return self.head(self.neck(features)), self.bbox_head(features[-1])

    def _roi(self, like: Tensor) -> Tensor:
        """(width, height)."""
        return like.new_tensor(self.stn.roi_size[::-1])

    def _forward(self, batch_inputs: Tensor, batch_data_samples=None) -> tuple:
        """Raw boxes, scores and labels, as :meth:`detect`."""
        return self.detect(batch_inputs)


def _place(index: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Column and row of cells that are counted line by line."""
    row = index.div(width, rounding_mode='trunc')
    return index - row * width, row


def _best_of_overlapping(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """(B, K): 0 where a box overlaps one of a higher score, of any class, else 1."""
    is_lower = scores[:, :, None] < scores[:, None]
    is_double = (bbox_overlaps(boxes, boxes) > iou_threshold) & is_lower
    return 1 - is_double.to(boxes).amax(2)
