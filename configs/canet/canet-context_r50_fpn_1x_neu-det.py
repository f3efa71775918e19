_base_ = ['./canet_r50_fpn_1x_neu-det.py']

# Of CANet, the context decoder alone.
model = dict(backbone=dict(plugins=[_base_.context_decoder]), neck=dict(type='FPN'))
