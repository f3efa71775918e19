_base_ = ['../_base_/classification.py', '../_base_/onnxruntime.py']

ir_config = dict(input_shape=(640, 480))  # width, height
