_base_ = ['../_base_/region_classification.py', '../_base_/tensorrt-fp16.py']

ir_config = dict(input_shape=(480, 480))  # width, height
