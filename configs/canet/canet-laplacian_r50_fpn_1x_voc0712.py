_base_ = ['./canet_r50_fpn_1x_voc0712.py']

# Of CANet, LaplacianFPN alone.
model = dict(backbone=dict(plugins=None))
