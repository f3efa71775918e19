_base_ = ['./canet_r50_fpn_1x_coco.py']

# Of CANet, LaplacianFPN alone.
model = dict(backbone=dict(plugins=None))
