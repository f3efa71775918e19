_base_ = ['./acnn-opt_synthetic-product-code.py']

# `make demo`: the same model and pipeline on fewer images.
data_root = 'work_dirs/demo/data'
train_dataloader = dict(dataset=dict(data_root=data_root))
val_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
