# Weights in half precision: half the file, and what Intel's GPUs compute in.
backend_config = dict(type='openvino', precision='fp16')
tolerance = dict(labels=0.99, score=0.1, shift=2.0, map=1.0)
