backend_config = dict(type='openvino', precision='fp32')
tolerance = dict(labels=1.0, score=1e-4, shift=0.1, map=1e-3)
