_base_ = ['../_base_/full.py', '../_base_/tensorrt-int8.py']

# TensorRT has no uint8 input before 8.5: frames with grey levels 0..255 in float32.
codebase_config = dict(raw_input='float32')
ir_config = dict(input_shape=(640, 480), dynamic_axes=dict(input={0: 'batch'}))
backend_config = dict(
    model_inputs=[
        dict(
            input_shapes=dict(
                input=dict(
                    min_shape=[1, 480, 640, 3],
                    opt_shape=[1, 480, 640, 3],
                    max_shape=[8, 480, 640, 3],
                )
            )
        )
    ]
)
