_base_ = ['../_base_/full.py', '../_base_/onnxruntime.py']

ir_config = dict(dynamic_axes=dict(input={0: 'batch', 1: 'height', 2: 'width'}))
