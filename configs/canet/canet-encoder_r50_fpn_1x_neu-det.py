_base_ = ['./canet_r50_fpn_1x_neu-det.py']

# Of CANet, the spatial attention encoder alone.
model = dict(
    backbone=dict(plugins=[_base_.spatial_attention_encoder]), neck=dict(type='FPN')
)
