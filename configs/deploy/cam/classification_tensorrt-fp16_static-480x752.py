_base_ = ['../_base_/classification.py', '../_base_/tensorrt-fp16.py']

ir_config = dict(input_shape=(752, 480))  # width, height
