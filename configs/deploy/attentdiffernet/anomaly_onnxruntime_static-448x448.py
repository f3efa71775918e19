_base_ = ['../_base_/anomaly.py', '../_base_/onnxruntime.py']

ir_config = dict(input_shape=(448, 448))  # width, height
