_base_ = ['./spatial-flow_efficientnet-lite0_synthetic-anomaly.py']

# Behind the stages of stride 8 and 16, trained together with the flow.
model = dict(
    feature_extractor=dict(
        backbone=dict(
            _delete_=True,
            type='mmacnn.PluginBackbone',
            backbone={{_base_.model.feature_extractor.backbone}},
            plugins=[
                dict(cfg=dict(type='mmacnn.CBAM'), position='stage4'),
                dict(cfg=dict(type='mmacnn.CBAM'), position='stage5'),
            ],
        ),
        trainable=('plugins',),
        cache=None,
    )
)
