# All that A-CNN knows, from frames as a camera gives them: uint8 BGR (N, H, W, 3), the
# normalization inside the graph. `crop`, what the classifier saw, can be listed too.
_base_ = ['./classification.py']

codebase_config = dict(raw_input='uint8')
ir_config = dict(output_names=['scores', 'centre', 'roi'])
