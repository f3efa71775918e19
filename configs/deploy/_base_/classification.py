# `output` (N, classes): what MMDeploy SDK's Classifier runs.
codebase_config = dict(
    type='mmacnn', task='Classification', module=['mmacnn.deploy.codebase']
)
ir_config = dict(
    type='onnx',
    save_file='end2end.onnx',
    opset_version=13,
    input_names=['input'],
    output_names=['output'],
    keep_initializers_as_inputs=False,
)
