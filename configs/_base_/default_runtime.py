custom_imports = dict(imports=['mmacnn'], allow_failed_imports=False)
# Every type is named in full (`mmacnn.ACNN`, `mmpretrain.ResNet`); the scope is for the
# parts that mmpretrain's modules build by themselves.
default_scope = 'mmpretrain'

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # A checkpoint gets its name when all of it is written, then an older one goes.
    checkpoint=dict(type='mmacnn.AtomicCheckpointHook', interval=1, max_keep_ckpts=2),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    # Processes see different images, and else validate with different running means.
    sync_buffers=dict(type='SyncBuffersHook'),
    # A training that was killed and resumed ends with the same weights.
    exact_resume=dict(type='mmacnn.ExactResumeHook'),
    visualization=dict(type='mmacnn.RoIVisualizationHook', enable=False),
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
visualizer = dict(
    type='mmacnn.RoIVisualizer', vis_backends=[dict(type='LocalVisBackend')]
)
randomness = dict(seed=0)
log_level = 'INFO'
load_from = None
resume = False
