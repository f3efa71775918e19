_base_ = ['../_base_/region_classification.py', '../_base_/openvino.py']

ir_config = dict(dynamic_axes=dict(input={0: 'batch', 2: 'height', 3: 'width'}))
