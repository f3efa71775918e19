_base_ = ['./differnet_efficientnet-lite0_8e_synthetic-anomaly.py']

# Behind the last two stages, trained together with the flow.
model = dict(
    feature_extractor=dict(
        backbone=dict(
            _delete_=True,
            type='mmacnn.PluginBackbone',
            backbone={{_base_.model.feature_extractor.backbone}},
            plugins=[
                dict(cfg=dict(type='mmacnn.SE'), position='stage4'),
                dict(cfg=dict(type='mmacnn.SE'), position='stage5'),
            ],
        ),
        trainable=('plugins',),
    )
)
