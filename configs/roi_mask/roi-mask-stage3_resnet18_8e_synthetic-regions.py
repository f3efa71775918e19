_base_ = ['./roi-mask_resnet18_8e_synthetic-regions.py']

model = dict(backbone=dict(points=('stage3',)))
