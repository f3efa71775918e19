_base_ = ['./acnn-opt_strided_8e_synthetic-product-code.py']

# The published photographs: `images/` and `labels/` in one folder for each device.
# Copy this file and set the folders of your own data; `classes` in the order of the
# label files' numbers. What roi_size fits:
# python tools/analysis_tools/analyse_dataset.py data/product_code
data_root = 'data/product_code'
classes = ['1069', '1071', '3707', '3709']
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        data_prefix=dict(img_path='images', label_path='labels'),
        classes=classes,
        box_fraction=1.0,
    )
)
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        data_prefix=dict(img_path='images', label_path='labels'),
        classes=classes,
    )
)
test_dataloader = val_dataloader
