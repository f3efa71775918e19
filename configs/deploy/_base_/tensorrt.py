# `version` is that of the machine the engine is for: 8.2 is JetPack 4.6.
backend_config = dict(
    type='tensorrt',
    version='8.2',
    common_config=dict(fp16_mode=False, int8_mode=False, max_workspace_size=1 << 28),
)
tolerance = dict(labels=1.0, score=1e-3, shift=0.1, map=1e-2)
