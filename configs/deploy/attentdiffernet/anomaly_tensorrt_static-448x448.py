_base_ = ['../_base_/anomaly.py', '../_base_/tensorrt.py']

ir_config = dict(input_shape=(448, 448))  # width, height
