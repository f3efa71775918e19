_base_ = ['./default_runtime.py']

default_scope = 'mmdet'
visualizer = dict(
    _delete_=True,
    type='mmdet.DetLocalVisualizer',
    line_width=1,  # defects are small
    vis_backends=[dict(type='LocalVisBackend')],
)
