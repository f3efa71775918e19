_base_ = ['./roi-mask-resnet18_synthetic-regions.py']

model = dict(backbone=dict(points=('stage3',)))
