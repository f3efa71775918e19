# Convolutions in int8, with the scales in the ONNX file; the rest in half precision.
_base_ = ['./tensorrt.py']

backend_config = dict(common_config=dict(fp16_mode=True, int8_mode=True))
tolerance = dict(labels=0.98, score=1.0, shift=16.0, map=100.0)
