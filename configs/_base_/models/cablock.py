# CAblock of CANet as plug-ins of any ResNet of bottlenecks (depth 50 and more), in all
# stages as published: model = dict(backbone=dict(plugins=_base_.cablock)).
custom_imports = dict(imports=['mmacnn'], allow_failed_imports=False)

spatial_attention_encoder = dict(
    cfg=dict(type='mmacnn.SpatialAttentionEncoder', num_heads=8, kv_stride=2),
    position='after_conv2',
)
context_decoder = dict(
    cfg=dict(type='ContextBlock', ratio=1.0 / 16), position='after_conv3'
)
cablock = [spatial_attention_encoder, context_decoder]
