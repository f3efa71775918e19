_base_ = ['./differnet_alexnet_12e_synthetic-anomaly.py']

plugins = [dict(cfg=dict(type='mmacnn.CBAM'), position='after_relu')]
model = dict(
    feature_extractor=dict(backbone=dict(plugins=plugins), trainable=('cbam',))
)
