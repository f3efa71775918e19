_base_ = ['../_base_/anomaly.py', '../_base_/openvino-int8.py']

ir_config = dict(dynamic_axes=dict(input={0: 'batch'}))
