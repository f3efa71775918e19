_base_ = ['../_base_/full.py', '../_base_/openvino.py']

ir_config = dict(input_shape=(640, 480))  # width, height
