# InsPLAD-fault, its part for anomaly detection: assets of power lines, each cut out of
# a photograph, of different sizes and without masks; see docs/en/data_formats.md. The
# categories: glass-insulator, lightning-rod-suspension,
# polymer-insulator-upper-shackle, vari-grip, yoke-suspension.
_base_ = './mvtec_ad.py'
data_root = 'data/insplad_fault'
category = 'glass-insulator'

train_dataloader = dict(dataset=dict(data_root=data_root, category=category))
val_dataloader = dict(dataset=dict(data_root=data_root, category=category))
calibration_dataloader = val_dataloader
test_dataloader = val_dataloader
