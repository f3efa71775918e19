# A U-Net on the backbone of the CAM classifier, a rival in benchmarks/localization.py:
# data, losses, schedule and the score of the image are those of the CAM classifier.
_base_ = ['../configs/cam/cam-joined_efficientnet-lite0-s4_20e_class-folders.py']

custom_imports = dict(imports=['unet'])  # PYTHONPATH=benchmarks
model = dict(
    backbone=dict(backbone=dict(out_indices=(1, 2, 3, 4))),
    neck=dict(
        _delete_=True,
        type='mmacnn.UNetNeck',
        in_channels=[16, 24, 40, 112],
        channels=(128, 64, 32),
    ),
    head=dict(in_channels=32),
)
train_dataloader = dict(dataset=dict(data_prefix=dict(mask_path='train/masks')))
