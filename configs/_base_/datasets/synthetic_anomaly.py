# Made by tools/make_synthetic_dataset.py --task anomaly, 256x256.
_base_ = './mvtec_ad_256.py'
data_root = 'data/synthetic-anomaly'
category = ''

dataset = dict(data_root=data_root, category=category)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dataset)
calibration_dataloader = val_dataloader
test_dataloader = val_dataloader
