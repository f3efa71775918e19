# Convolutions in int8 by ONNX Runtime's static quantization.
backend_config = dict(type='onnxruntime', precision='int8')
tolerance = dict(labels=0.98, score=1.0, shift=16.0, map=100.0)
