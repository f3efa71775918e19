# `anomaly_score` (N, 1), the mean of z squared; `score` (N, 2), the fraction of good
# images that score at least as high, and lower; `label` (N, 1), 1 above the threshold.
_base_ = ['./classification.py']

ir_config = dict(output_names=['anomaly_score', 'score', 'label'])
