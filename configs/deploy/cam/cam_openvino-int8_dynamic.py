_base_ = ['../_base_/cam.py', '../_base_/openvino-int8.py']

ir_config = dict(
    dynamic_axes=dict(
        input={0: 'batch', 2: 'height', 3: 'width'},
        cam={0: 'batch', 2: 'rows', 3: 'columns'},
    )
)
