_base_ = ['../_base_/anomaly.py', '../_base_/openvino.py']

ir_config = dict(dynamic_axes=dict(input={0: 'batch'}))
