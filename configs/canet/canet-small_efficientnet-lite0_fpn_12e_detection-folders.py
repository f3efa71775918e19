# CANet's three blocks in the small Faster R-CNN on EfficientNet-Lite0, in the stages
# that learn. Its baseline, without them, is the config to begin with: see README.md.
_base_ = ['./faster-rcnn-small_efficientnet-lite0_fpn_12e_detection-folders.py']

encoder = dict(type='mmacnn.SpatialAttentionEncoder', num_heads=8, kv_stride=2)
context = dict(type='ContextBlock', ratio=1.0 / 16)
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmacnn.PluginBackbone',
        backbone=_base_.model.backbone,
        plugins=[
            dict(cfg=encoder, position='layers.3.0'),
            dict(cfg=context, position='layers.3'),
            dict(cfg=encoder, position='layers.4.0'),
            dict(cfg=context, position='layers.4'),
            dict(cfg=encoder, position='layers.5.0'),
            dict(cfg=context, position='layers.5'),
        ],
    ),
    neck=dict(type='mmacnn.LaplacianFPN'),
)
# The blocks start as nothing; they may not outrun the pretrained features around them.
optim_wrapper = dict(
    paramwise_cfg=dict(
        custom_keys={
            'backbone': dict(lr_mult=0.2),
            'backbone.plugins': dict(lr_mult=0.02),
        }
    )
)
