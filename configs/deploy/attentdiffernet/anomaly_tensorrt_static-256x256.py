_base_ = ['../_base_/anomaly.py', '../_base_/tensorrt.py']

ir_config = dict(input_shape=(256, 256))  # width, height
