_base_ = ['../_base_/full.py', '../_base_/tensorrt-int8.py']

# TensorRT has no uint8 input before 8.5: frames with grey levels 0..255 in float32.
codebase_config = dict(raw_input='float32')
ir_config = dict(input_shape=(640, 480))  # width, height
