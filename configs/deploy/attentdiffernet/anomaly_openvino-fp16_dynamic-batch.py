_base_ = ['../_base_/anomaly.py', '../_base_/openvino-fp16.py']

ir_config = dict(dynamic_axes=dict(input={0: 'batch'}))
