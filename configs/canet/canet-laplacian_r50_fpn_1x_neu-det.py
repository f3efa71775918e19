_base_ = ['./canet_r50_fpn_1x_neu-det.py']

# Of CANet, LaplacianFPN alone.
model = dict(backbone=dict(plugins=None))
