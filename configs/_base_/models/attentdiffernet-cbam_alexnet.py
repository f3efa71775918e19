# CBAM behind each activation of AlexNet, trained together with the flow.
_base_ = ['./differnet_alexnet.py']

model = dict(
    feature_extractor=dict(
        backbone=dict(
            plugins=[dict(cfg=dict(type='mmacnn.CBAM'), position='after_relu')]
        ),
        trainable=('cbam',),
    )
)
