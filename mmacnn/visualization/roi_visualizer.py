# Copyright (c) mmacnn authors. All rights reserved.
"""Pictures that show what a model saw, where it looked, and what it decided."""

from collections.abc import Sequence

import cv2
import mmcv
import numpy as np
import torch
from mmengine.visualization import Visualizer
from mmpretrain.structures import DataSample
from PIL import Image, ImageDraw

from mmacnn.ops import measure_regions
from mmacnn.registry import VISUALIZERS
from mmacnn.utils import InputError

from .drawing import (
    as_canvas,
    crop_corners,
    crop_roi,
    draw_box,
    draw_corners,
    draw_text,
    fit,
    load_font,
    overlay_heatmap,
)
from .map_overlay import colour_bar, fill, outline, overlay_map
from .words import decision, largest, regions, regions_for

PREDICTED = (
    *('pred_label', 'pred_score', 'pred_roi', 'pred_corners', 'pred_heatmap'),
    'pred_mask',
    *('pred_anomaly_score', 'anomaly_threshold', 'map_threshold', 'mm_per_pixel'),
)
TRUE = ('gt_label', 'gt_bboxes', 'gt_seg_map', 'region_fraction')

PHOTO_SIZE = (600, 800)  # Space for the photograph, (h, w) in pixels.
SIDE_SIZE = (288, 384)  # Space for each panel beside it.
HEADER, CAPTION, GAP = 48, 28, 12
FONT_SIZE, SWATCH = 15, 20  # Of legend and captions, in pixels.

BACKGROUND, TEXT, FAINT = (24, 26, 30), (235, 235, 235), (150, 155, 165)
ROI_COLOUR, BOX_COLOUR = (255, 190, 0), (0, 215, 255)
RIGHT, WRONG, UNKNOWN = (70, 205, 95), (255, 85, 75), (190, 195, 205)
MEANING = {  # Of a defect map, by its unit; the threshold is subtracted.
    'log-ratio': 'log ratio to the level of good images',
    'logit': 'logit minus the threshold',
}


@VISUALIZERS.register_module()
class RoIVisualizer(Visualizer):
    """Draw a prediction: the photograph with boxes, the crop, and the heat map.

    Whatever a data sample lacks is left out, so the samples of a classifier without
    attention can be drawn too. The arguments are those of
    :class:`mmengine.visualization.Visualizer`; ``dataset_meta['classes']`` gives the
    names of the classes.
    """

    # mmengine sets it in the main process alone; here each process draws its fraction.
    @property
    def dataset_meta(self) -> dict | None:
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        self._dataset_meta = dataset_meta

    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: DataSample,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        step: int = 0,
    ) -> np.ndarray:
        """Draw one image and its data sample.

        Args:
            name: Name of the image, written into the picture.
            image: The original image, (H, W, 3) uint8 RGB.
            data_sample: ``pred_label``, ``pred_score``, ``pred_roi`` (4,)
                xyxy in pixels of ``image``, ``pred_corners`` (4, 2) there of a turned
                ROI, ``pred_heatmap`` (h, w) over the image,
                a defect map if there is a ``pred_mask`` (h, w) cut from it at
                ``map_threshold`` (0 by default; ``map_unit``, ``mm_per_pixel``), else
                >= 0;
                ``pred_anomaly_score`` and its ``anomaly_threshold``;
                ``gt_label``, ``gt_bboxes`` (N, 4) xyxy in pixels of the network input
                with ``scale_factor`` and ``img_shape``, ``gt_seg_map`` (h, w) over the
                image, of a defect or, with ``region_fraction``, of the region that was
                given. All optional.
            draw_gt: Draw the true boxes and compare with the true class.
            draw_pred: Draw the prediction.
            show: Show the picture in a window.
            wait_time: Seconds to show it, 0 until a key is pressed.
            out_file: Save the picture there, and not in the
                visualizer's backends.
            step: Global step for the backends.

        Returns:
            The picture, uint8 RGB.

        Raises:
            InputError: The image is not (H, W, 3) uint8.
        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise InputError(
                f'{name}: expected an RGB image, uint8 of shape (H, W, 3), '
                f'found {image.dtype} of shape {image.shape}'
            )
        image = np.ascontiguousarray(image)  # A view of BGR data has negative strides.
        pred = _as_arrays(data_sample, PREDICTED if draw_pred else ())
        true = _as_arrays(data_sample, TRUE if draw_gt else ())
        if 'gt_bboxes' in true:
            scale = np.tile(data_sample.get('scale_factor', (1, 1)), 2)
            true['gt_bboxes'] = true['gt_bboxes'] / scale
        seen = _network_view(image, data_sample.get('img_shape'))

        photo, legend = self._photograph(image, pred, true)
        panels = _side_panels(image, seen, pred, data_sample.get('map_unit'))
        picture = _arrange(photo, legend, panels)
        _write_header(picture, name, self._verdict(pred, true))
        drawn = np.asarray(picture)

        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(drawn[..., ::-1], out_file)
        else:
            self.add_image(name, drawn, step=step)
        return drawn

    def _verdict(self, pred: dict, true: dict) -> tuple[str, tuple]:
        """The header's text, and its colour: right, wrong or unknown."""
        label = int(pred['pred_label'][0]) if 'pred_label' in pred else None
        truth = int(true['gt_label'][0]) if 'gt_label' in true else None
        if label is None:
            text = '' if truth is None else f'true class {self.class_name(truth)}'
            return text, UNKNOWN
        text = decision(
            self.class_name(label),
            pred['pred_score'][label] if 'pred_score' in pred else None,
            *(
                _number(pred, key)
                for key in ('pred_anomaly_score', 'anomaly_threshold')
            ),
        )
        if truth is None:
            return text, UNKNOWN
        if truth == label:
            return text, RIGHT
        return f'{text}   wrong, true class {self.class_name(truth)}', WRONG

    def _photograph(
        self, image: np.ndarray, pred: dict, true: dict
    ) -> tuple[np.ndarray, list[tuple[str, tuple]]]:
        """The photograph with what is drawn on it, and the legend: texts and colours.

        A line of the legend is made where the thing is drawn, from the same values.
        """
        photo = fit(image, *PHOTO_SIZE)
        scale = np.tile(np.divide(photo.shape[1::-1], image.shape[1::-1]), 2)
        legend = []
        if 'pred_mask' in pred:  # below all lines
            photo = fill(photo, pred['pred_mask'], ROI_COLOUR)
        if true.get('gt_seg_map', np.zeros(1)).any():
            photo = outline(photo, true['gt_seg_map'], BOX_COLOUR)
            # What the region is was asked, or where a defect is.
            is_prompted = 'region_fraction' in true
            legend.append(('region' if is_prompted else 'true defect', BOX_COLOUR))
        if 'pred_mask' in pred:
            photo = outline(photo, pred['pred_mask'], ROI_COLOUR)
            mask, mm = pred['pred_mask'], _number(pred, 'mm_per_pixel')
            by = np.divide(mask.shape[::-1], image.shape[1::-1])
            found = measure_regions(mask, by)
            first, *others = self._region_words(pred, len(found))
            legend += [(first, ROI_COLOUR), *((line, UNKNOWN) for line in others)]
            if found:
                line = largest(found[0]['sides'], found[0]['pixels'], mm)
                legend.append((line, UNKNOWN))
        canvas, draw = as_canvas(photo)
        boxes = true.get('gt_bboxes', np.zeros((0, 4)))
        for box in boxes:
            draw_box(draw, box * scale, BOX_COLOUR)
        if len(boxes):
            legend.append(('true box', BOX_COLOUR))
        if 'pred_roi' in pred:
            roi = pred['pred_roi']
            if 'pred_corners' in pred:
                draw_corners(draw, pred['pred_corners'] * scale[:2], ROI_COLOUR)
            else:
                draw_box(draw, roi * scale, ROI_COLOUR)
            outside = ', outside the image' if _leaves(roi, image.shape[:2]) else ''
            legend.append((f'predicted ROI{outside}', ROI_COLOUR))
            if len(boxes) == 1:
                offset = (roi[:2] + roi[2:] - boxes[0, :2] - boxes[0, 2:]) / 2
                legend.append((f'centre error {np.hypot(*offset):.1f} px', FAINT))
        return np.asarray(canvas), legend

    def _region_words(self, pred: dict, count: int) -> list[str]:
        if 'pred_label' not in pred:
            return regions(count)
        label = int(pred['pred_label'][0])
        # Of more than two classes, the map is that of the predicted one.
        if label == 0 and len(pred.get('pred_score', ())) > 2:
            return regions_for(count, self.class_name(0))
        return regions(count, label > 0)

    def class_name(self, label: int) -> str:
        """The name of a class, or its number where no name is known."""
        names = (self.dataset_meta or {}).get('classes') or ()
        return str(names[label]) if label < len(names) else f'class {label}'


def _as_arrays(data_sample: DataSample, keys: Sequence[str]) -> dict[str, np.ndarray]:
    """The fields that are there, as arrays on the CPU."""
    return {
        key: torch.as_tensor(data_sample.get(key)).detach().cpu().double().numpy()
        for key in keys
        if data_sample.get(key) is not None
    }


def _network_view(image: np.ndarray, shape: tuple[int, int] | None) -> np.ndarray:
    """The image at the resolution of the network's input, (h, w)."""
    if shape is None or tuple(shape[:2]) == image.shape[:2]:
        return image
    return cv2.resize(image, tuple(shape[1::-1]), interpolation=cv2.INTER_LINEAR)


def _number(pred: dict, key: str) -> float | None:
    return float(pred[key].flat[0]) if key in pred else None


def _leaves(roi: np.ndarray, size: tuple[int, int]) -> bool:
    """Whether a box (4,) has no part on an image of a (height, width)."""
    return bool((roi[2:] <= 0).any() or (roi[:2] >= size[::-1]).any())


def _side_panels(
    image: np.ndarray, seen: np.ndarray, pred: dict, map_unit: str | None
) -> list[tuple[str, np.ndarray]]:
    """Captions and pictures of what stands beside the photograph."""
    panels = []
    if 'pred_roi' in pred:
        scale = np.tile(np.divide(seen.shape[1::-1], image.shape[1::-1]), 2)
        if 'pred_corners' in pred:
            corners = pred['pred_corners'] * scale[:2]
            crop = crop_corners(seen, corners, *SIDE_SIZE)
            width, height = (np.hypot(*(corners[i] - corners[0])) for i in (1, 3))
        else:
            roi = pred['pred_roi'] * scale
            crop = crop_roi(seen, roi, *SIDE_SIZE)
            width, height = roi[2:] - roi[:2]
        if crop is not None:
            caption = f'ROI, {width:.0f} x {height:.0f} px of the network input'
            panels.append((caption, crop))
    if 'pred_mask' in pred:
        values = pred['pred_heatmap'] - pred.get('map_threshold', 0.0)
        panels.append(
            (
                f'{MEANING.get(map_unit, "map minus its threshold")}; red: marked',
                _map_panel(fit(image, *SIDE_SIZE), values),
            )
        )
    elif 'pred_heatmap' in pred:
        overlay = overlay_heatmap(fit(image, *SIDE_SIZE), pred['pred_heatmap'])
        panels.append(('heat map of the localizer', overlay))
    return panels


def _map_panel(image: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The tinted image, with the scale below; as wide as its space."""
    overlay = overlay_map(image, values)
    width = SIDE_SIZE[1]
    panel = np.full((len(overlay), width, 3), BACKGROUND, np.uint8)
    panel[:, : overlay.shape[1]] = overlay
    return np.vstack((panel, colour_bar(width, BACKGROUND, FAINT)))


def _arrange(
    photo: np.ndarray,
    legend: list[tuple[str, tuple]],
    panels: list[tuple[str, np.ndarray]],
) -> Image.Image:
    """Photograph left, legend below it, panels in a column on the right."""
    left_width = max(photo.shape[1], PHOTO_SIZE[1] // 2)
    column = sum(panel.shape[0] + CAPTION for _, panel in panels)
    column += GAP * max(0, len(panels) - 1)
    lines = _wrap(legend, left_width)
    below = max(1, len(lines)) * CAPTION
    height = HEADER + max(photo.shape[0] + below, column) + GAP
    width = GAP + left_width + GAP + (SIDE_SIZE[1] + GAP if panels else 0)
    picture = Image.new('RGB', (width, height), BACKGROUND)
    draw = ImageDraw.Draw(picture)

    picture.paste(Image.fromarray(photo), (GAP, HEADER))
    y = HEADER + photo.shape[0] + CAPTION // 2 + 2
    for line in lines:
        x = GAP
        for text, colour in line:
            if _has_swatch(colour):
                draw.rectangle((x, y - 6, x + 12, y + 6), outline=colour, width=2)
                x += SWATCH
            room = GAP + left_width - x
            x += draw_text(draw, (x, y), text, room, FONT_SIZE, colour) + 2 * GAP
        y += CAPTION

    x, y = GAP + left_width + GAP, HEADER
    for caption, panel in panels:
        picture.paste(Image.fromarray(panel), (x, y))
        y += panel.shape[0]
        middle = y + CAPTION // 2 + 2
        draw_text(draw, (x, middle), caption, SIDE_SIZE[1], FONT_SIZE, FAINT)
        y += CAPTION + GAP
    return picture


def _has_swatch(colour: tuple) -> bool:
    """Whether a text of the legend names something that has this colour."""
    return colour in (ROI_COLOUR, BOX_COLOUR)


def _wrap(legend: list[tuple[str, tuple]], width: int) -> list[list[tuple[str, tuple]]]:
    """Split the legend into lines that fit the width, in pixels."""
    lines: list[list[tuple[str, tuple]]] = []
    used = 0
    for text, colour in legend:
        needed = round(load_font(FONT_SIZE).getlength(text))
        needed += SWATCH * _has_swatch(colour)
        if not lines or used + 2 * GAP + needed > width:
            lines.append([])
            used = -2 * GAP
        lines[-1].append((text, colour))
        used += 2 * GAP + needed
    return lines


def _write_header(picture: Image.Image, name: str, verdict: tuple[str, tuple]) -> None:
    """The decision at the left, the name of the image at the right."""
    draw = ImageDraw.Draw(picture)
    text, colour = verdict
    width = picture.width - 2 * GAP
    written = draw_text(draw, (GAP, HEADER // 2), text, width, 24, colour)
    room = width - written - 2 * GAP
    draw_text(draw, (GAP + width, HEADER // 2), name, room, 15, FAINT, anchor='rm')
