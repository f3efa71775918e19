# `output` (N, classes) of `input` (N, 4, H, W): the colours, normalised, then the mask
# of the region, 0 and 1.
_base_ = ['./classification.py']

codebase_config = dict(
    _delete_=True, type='mmpretrain', task='Classification', module=['mmacnn']
)
