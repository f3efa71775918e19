# Classifiers of mmpretrain, through MMDeploy's own path.
_base_ = ['../_base_/classification.py', '../_base_/onnxruntime.py']

codebase_config = dict(
    _delete_=True,
    type='mmpretrain',
    task='Classification',
    module=['mmacnn.deploy.rewriters'],
)
ir_config = dict(dynamic_axes=dict(input={0: 'batch', 2: 'height', 3: 'width'}))
