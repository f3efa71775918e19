# `dets` (N, 1, 5), the ROI and its class's score, and `labels` (N, 1): what MMDeploy
# SDK's Detector runs, and every program that was written for a detector.
_base_ = ['./classification.py']

codebase_config = dict(task='ObjectDetection')
ir_config = dict(output_names=['dets', 'labels'])
