_base_ = ['./acnn-opt_strided_8e_synthetic-product-code.py']

# Self-training on the pseudo-labels of acnn-opt: README.md, "Self-training". An epoch
# has half the length, since no image is repeated when each has a box.
max_epochs = 16
train_cfg = dict(max_epochs=max_epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        T_max=max_epochs - 1,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]

train_dataloader = dict(
    dataset=dict(data_prefix=dict(label_path='pseudo-labels'), box_fraction=1.0)
)
