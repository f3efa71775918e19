# `score` (N, classes) and `cam` (N, K, h, w), the map of each logit (K is 1 for two
# classes). detail.json says where its cells lie, and above which value is a defect.
_base_ = ['./classification.py']

ir_config = dict(output_names=['score', 'cam'])
