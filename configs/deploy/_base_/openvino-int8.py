# Convolutions in int8 by NNCF's post-training quantization.
backend_config = dict(type='openvino', precision='int8')
tolerance = dict(labels=0.98, score=1.0, shift=16.0, map=100.0)
