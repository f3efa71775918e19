_base_ = ['../_base_/cam.py', '../_base_/tensorrt-int8.py']

ir_config = dict(input_shape=(752, 480))  # width, height
