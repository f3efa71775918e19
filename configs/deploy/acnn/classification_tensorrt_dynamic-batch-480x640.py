_base_ = ['../_base_/classification.py', '../_base_/tensorrt.py']

ir_config = dict(input_shape=(640, 480), dynamic_axes=dict(input={0: 'batch'}))
backend_config = dict(
    model_inputs=[
        dict(
            input_shapes=dict(
                input=dict(
                    min_shape=[1, 3, 480, 640],
                    opt_shape=[1, 3, 480, 640],
                    max_shape=[8, 3, 480, 640],
                )
            )
        )
    ]
)
