_base_ = ['./rtmdet-tiny_cspnext_12e_detection-folders.py']

# In each stage, the encoder behind the convolution that halves the map and the context
# block behind the last layer. The neck stays: its second path, upwards, is not
# LaplacianFPN's to replace.
encoder = dict(type='mmacnn.SpatialAttentionEncoder', num_heads=8, kv_stride=2)
context = dict(type='ContextBlock', ratio=1.0 / 16)
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmacnn.PluginBackbone',
        backbone=_base_.model.backbone,
        plugins=[
            dict(cfg=encoder, position='stage1.0'),
            dict(cfg=context, position='stage1.1'),
            dict(cfg=encoder, position='stage2.0'),
            dict(cfg=context, position='stage2.1'),
            dict(cfg=encoder, position='stage3.0'),
            dict(cfg=context, position='stage3.1'),
            dict(cfg=encoder, position='stage4.0'),
            dict(cfg=context, position='stage4.2'),
        ],
    )
)
