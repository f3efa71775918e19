# Copyright (c) mmacnn authors. All rights reserved.
"""Metrics in words, for a reader who has not written the config."""

NAMES = {
    'accuracy/top1': 'Accuracy, %',
    'accuracy/top5': 'True class among the first five, %',
    'single-label/precision': 'Precision, mean of the classes, %',
    'single-label/recall': 'Recall, mean of the classes, %',
    'single-label/f1-score': 'F1 score, mean of the classes, %',
    'single-label/precision_classwise': 'Precision of each class, %',
    'single-label/recall_classwise': 'Recall of each class, %',
    'single-label/f1-score_classwise': 'F1 score of each class, %',
    'roi/centre_error_median': 'Centre of the ROI to that of the object, median, px',
    'roi/centre_error_mean': 'Centre of the ROI to that of the object, mean, px',
    'roi/centre_error_p95': 'Centre of the ROI to that of the object, 95 % within, px',
    'roi/centre_error_max': 'Centre of the ROI to that of the object, largest, px',
    'roi/hit_rate': 'Objects wholly inside the ROI, %',
    'roi/object_to_image': 'Area of the object in that of the image, mean, %',
    'roi/object_to_roi': 'Area of the object in that of the ROI, mean, %',
    'region/accuracy': 'Correct regions, %',
    'region/mean_class_accuracy': 'Correct regions, mean of the classes, %',
    'map/image_auroc': 'Good and defective images told apart, AUROC, %',
    'map/pixel_auroc': 'Good and defective pixels told apart, AUROC, %',
    'map/pro': 'Overlap of the marked pixels with each defect (PRO), %',
    'map/best_dice': 'Dice of the marked pixels at the best threshold, %',
    'map/best_threshold': 'That threshold, in units of the map',
    'map/iou': 'Intersection over union of the marked pixels, %',
    'map/dice': 'Dice of the marked pixels, %',
    'map/pointing': 'Defective images with the peak of the map on a defect, %',
    'map/recall': 'Defects that a marked region touches, %',
    'anomaly/image_auroc': 'Good and defective images told apart, AUROC, %',
    'anomaly/average_precision': 'Average precision of the anomaly score, %',
    'anomaly/f1_max': 'F1 score at the best threshold, %',
    'anomaly/fpr': 'False alarms (overkill), % of the good images',
    'anomaly/fnr': 'Missed defects (escape), % of the defective images',
    'anomaly/pixel_auroc': 'Good and defective pixels told apart, AUROC, %',
    'anomaly/pro': 'Overlap of the marked pixels with each defect (PRO), %',
    'anomaly/good_score': 'Anomaly score of the good images, mean',
    'coco/bbox_mAP': 'Average precision of the boxes (COCO), 0 to 1',
    'coco/bbox_mAP_50': 'Average precision at an overlap (IoU) of 0.5, 0 to 1',
    'coco/bbox_mAP_75': 'Average precision at an overlap (IoU) of 0.75, 0 to 1',
    'coco/bbox_mAP_s': 'Average precision of small boxes, 0 to 1',
    'coco/bbox_mAP_m': 'Average precision of medium boxes, 0 to 1',
    'coco/bbox_mAP_l': 'Average precision of large boxes, 0 to 1',
    'coco/recall@0.1': 'Objects found at one false alarm in ten images, 0 to 1',
    'coco/recall@1': 'Objects found at one false alarm an image, 0 to 1',
    'coco/found': 'Objects found at a score of 0.3, 0 to 1',
    'coco/false_per_image': 'False alarms an image at a score of 0.3',
    'coco/images_without_false': 'Images without an object and without a false alarm, '
    '0 to 1',
    'coco/image_auroc': 'Images with and without an object told apart, AUROC, 0 to 1',
}
GROUPS = {  # Metrics that there are again for a part of the data.
    'map/pointing': '{} defects',
    'map/recall': '{} defects',
    'region/accuracy': 'regions of {} % of the image',
    'anomaly/image_auroc': '{}',
    'anomaly/fnr': '{}',
    'anomaly/pixel_auroc': '{}',
    'anomaly/pro': '{}',
}


def metric_name(key: str) -> str:
    """A metric in words; the key itself where it is none of ours.

    Args:
        key: As in the results of a test, such as 'map/pointing_small'.

    Example:
        >>> metric_name('map/recall_small')
        'Defects that a marked region touches, %: small defects'
    """
    if key in NAMES:
        return NAMES[key]
    for start, group in GROUPS.items():
        if key.startswith(f'{start}_'):
            return f'{NAMES[start]}: {group.format(key[len(start) + 1 :])}'
    return key
